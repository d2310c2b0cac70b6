using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

public sealed class LayersTests
{
    private static readonly Dictionary<string, (Func<nn.Module> Ours, Func<nn.Module> Theirs)> Kinds = new()
    {
        ["linear"] = (() => Layers.Linear(3, 4), () => nn.Linear(3, 4)),
        ["linear without bias"] = (() => Layers.Linear(3, 4, hasBias: false), () => nn.Linear(3, 4, hasBias: false)),
        ["convolution"] = (() => Layers.Conv2d(3, 4, 3, padding: 1), () => nn.Conv2d(3, 4, 3, padding: 1)),
        ["convolution without bias"] = (() => Layers.Conv2d(3, 4, 1, bias: false), () => nn.Conv2d(3, 4, 1, bias: false)),
        ["group norm"] = (() => Layers.GroupNorm(2, 4), () => nn.GroupNorm(2, 4)),
        ["layer norm"] = (() => Layers.LayerNorm(4), () => nn.LayerNorm(4)),
        ["embedding"] = (() => Layers.Embedding(5, 4), () => nn.Embedding(5, 4)),
    };

    public static TheoryData<string> Names() => [.. Kinds.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_layers_weights_have_torchs_names_shapes_and_wish_for_gradients_however_they_begin(string name)
    {
        using var scope = NewDisposeScope();
        using var theirs = Kinds[name].Theirs();
        using var ours = Kinds[name].Ours();
        Same(ours);
        using (Layers.Uninitialised())
        {
            using var bare = Kinds[name].Ours();
            Same(bare);
            Assert.All(bare.parameters(),
                parameter => Assert.Equal((DeviceType.CPU, ScalarType.Float32), (parameter.device_type, parameter.dtype)));
        }

        void Same(nn.Module module)
        {
            Assert.Equal(theirs.state_dict().Select(pair => (pair.Key, Shape(pair.Value))),
                module.state_dict().Select(pair => (pair.Key, Shape(pair.Value))));
            Assert.Equal(theirs.named_parameters().Select(pair => (pair.name, pair.parameter.requires_grad)),
                module.named_parameters().Select(pair => (pair.name, pair.parameter.requires_grad)));
        }
    }

    [Fact]
    public void Norms_begin_at_a_weight_of_1_and_a_bias_of_0_wherever_they_are_made()
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < 50; i++)
        {
            full(64, float.NaN).Dispose(); // what lies where the next one is made
            using var group = Layers.GroupNorm(2, 64);
            using var layer = Layers.LayerNorm(64);
            Assert.True(group.weight!.Equals(ones(64)) && group.bias!.Equals(zeros(64)));
            Assert.True(layer.weight!.Equals(ones(64)) && layer.bias!.Equals(zeros(64)));
        }
    }

    [Fact]
    public void A_scope_gives_its_layers_a_type_and_a_place_and_one_inside_it_inherits_what_it_does_not_say()
    {
        using var scope = NewDisposeScope();
        using (Layers.Uninitialised(META, ScalarType.BFloat16))
        {
            Assert.Equal((DeviceType.META, ScalarType.BFloat16), Made());
            using (Layers.Uninitialised(dtype: ScalarType.Float64))
            {
                Assert.Equal((DeviceType.META, ScalarType.Float64), Made());
                using (Layers.Uninitialised(CPU))
                    Assert.Equal((DeviceType.CPU, ScalarType.Float64), Made());
            }

            Assert.Equal((DeviceType.META, ScalarType.BFloat16), Made());
        }

        Assert.Equal((DeviceType.CPU, ScalarType.Float32), Made());

        static (DeviceType, ScalarType) Made()
        {
            using var layer = Layers.Linear(2, 2);
            Assert.Equal((layer.weight.device_type, layer.weight.dtype), (layer.bias!.device_type, layer.bias.dtype));
            return (layer.weight.device_type, layer.weight.dtype);
        }
    }

    [Fact]
    public void A_scope_is_its_threads_alone()
    {
        using var bare = Layers.Uninitialised(META);
        var place = DeviceType.CUDA;
        var thread = new Thread(() =>
        {
            using var layer = Layers.Linear(2, 2);
            place = layer.weight.device_type;
        });
        thread.Start();
        thread.Join();
        Assert.Equal(DeviceType.CPU, place);
    }

    [Fact]
    public void A_bare_layer_takes_no_random_numbers_and_computes_once_it_is_filled()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var next = randn(4);
        manual_seed(3);
        using var bare = Layers.Uninitialised();
        using var layer = Layers.Linear(2, 2);
        Assert.True(randn(4).Equals(next));
        using (no_grad())
        {
            layer.weight.fill_(2);
            layer.bias!.fill_(1);
        }

        Assert.True(layer.call(ones(1, 2)).Equals(full([1, 2], 5f)));
    }

    private static string Shape(Tensor tensor) => string.Join('×', tensor.shape);
}

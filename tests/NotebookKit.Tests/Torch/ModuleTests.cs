using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Tests.Torch;

public sealed class ModuleTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    private abstract class Base : Module<Tensor, Tensor>
    {
        private readonly Linear hidden = Linear(2, 2);

        protected Base() : base("base")
        {
        }

        protected Tensor Hidden(Tensor x) => hidden.call(x);
    }

    private sealed class Block : Base
    {
        private readonly Linear to_q = Linear(2, 2, hasBias: false);
        private readonly ModuleList<Linear> layers = ModuleList(Linear(2, 3), Linear(3, 2));
        private readonly Parameter scale = Parameter(ones(1));
        private readonly Tensor offset = zeros(1);
        [ComponentName(Name = "other_name")] private readonly Linear renamed = Linear(2, 1);

        public Block() => RegisterComponents();

        public override Tensor forward(Tensor x) => renamed.call(layers[1].call(layers[0].call(to_q.call(Hidden(x))))) * scale + offset;
    }

    [Fact]
    public void Fields_are_registered_under_their_names_in_order()
    {
        using var block = new Block();
        Assert.Equal(
            ["scale", "to_q.weight", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "other_name.weight", "other_name.bias", "hidden.weight", "hidden.bias"],
            block.named_parameters().Select(p => p.name));
        Assert.Equal(["offset"], block.named_buffers().Select(b => b.name));
        Assert.Equal(["to_q", "layers", "other_name", "hidden", "layers.0", "layers.1"], block.named_modules().Select(m => m.name));
        Assert.Equal(11, block.state_dict().Count);
        Assert.Contains("unet.layers.0.bias", block.state_dict(prefix: "unet").Keys);
        Assert.Same(block.get_parameter("layers.1.bias"), block.named_parameters().First(p => p.name == "layers.1.bias").parameter);
        Assert.Null(block.get_parameter("layers.7.bias"));
        Assert.NotNull(block.get_buffer("offset"));
    }

    [Fact]
    public void A_state_dictionary_goes_from_one_module_to_another()
    {
        using var a = new Block();
        using var b = new Block();
        var x = randn(3, 2);
        Assert.False(a.call(x).Equals(b.call(x)));
        var (missing, unexpected) = b.load_state_dict(a.state_dict());
        Assert.Empty(missing.Concat(unexpected));
        Assert.True(a.call(x).Equals(b.call(x)));

        var part = a.state_dict();
        part.Remove("scale");
        part["stray"] = ones(1);
        var e = Assert.Throws<InvalidOperationException>(() => b.load_state_dict(part));
        Assert.Contains("scale", e.Message);
        Assert.Contains("stray", e.Message);
        (missing, unexpected) = b.load_state_dict(part, strict: false);
        Assert.Equal(["scale"], missing);
        Assert.Equal(["stray"], unexpected);
        Assert.Empty(b.load_state_dict(part, skip: ["scale", "stray"]).missing_keys);

        part = a.state_dict();
        part["scale"] = ones(2, 2);
        Assert.Contains("scale: float32(2, 2) does not fit float32(1)", Assert.Throws<ArgumentException>(() => b.load_state_dict(part)).Message);
    }

    [Fact]
    public void Loading_converts_types()
    {
        using var a = Linear(2, 2).to(ScalarType.Float16);
        using var b = Linear(2, 2);
        b.load_state_dict(a.state_dict());
        Assert.Equal(ScalarType.Float32, b.weight.dtype);
        Assert.True(b.weight.Equals(a.weight.to(ScalarType.Float32)));
    }

    [Fact]
    public void Converting_a_module_keeps_the_parameter_objects_and_whole_numbers()
    {
        using var block = new Block();
        block.register_buffer("ids", arange(3));
        var parameters = block.parameters().ToArray();
        block.call(ones(1, 2)).sum().backward();
        Assert.Same(block, block.to(ScalarType.Float64));
        Assert.Equal(parameters, block.parameters());
        Assert.All(parameters, p => Assert.Equal(ScalarType.Float64, p.dtype));
        Assert.All(parameters, p => Assert.Equal(ScalarType.Float64, p.grad!.dtype));
        Assert.All(parameters, p => Assert.True(p.is_leaf && p.requires_grad));
        Assert.Equal(ScalarType.Int64, block.get_buffer("ids")!.dtype);
        Assert.Equal(ScalarType.Float64, block.get_buffer("offset")!.dtype);
        block.zero_grad();
        Assert.All(parameters, p => Assert.Null(p.grad));
    }

    [Fact]
    public void Training_mode_goes_all_the_way_down()
    {
        using var net = Sequential(Linear(2, 2), Dropout(0.9));
        Assert.True(net[1].training);
        net.eval();
        Assert.False(net[1].training);
        var x = ones(4, 2);
        Assert.True(net.call(x).Equals(net[0].call(x)));
    }

    [Fact]
    public void Hooks_run_on_call_and_can_be_removed()
    {
        using var layer = Linear(2, 2);
        var x = ones(1, 2);
        var plain = layer.call(x);
        var calls = 0;
        var after = layer.register_forward_hook((module, input, output) =>
        {
            Assert.Same(layer, module);
            calls++;
            return output + 1;
        });
        var before = layer.register_forward_pre_hook((_, input) => input * 0);
        Assert.True(layer.call(x).Equals(layer.bias! + 1 + zeros(1, 2)));
        Assert.True(layer.forward(x).Equals(plain));
        before.remove();
        Assert.True(layer.call(x).Equals(plain + 1));
        after.remove();
        after.remove();
        Assert.True(layer.call(x).Equals(plain));
        Assert.Equal(2, calls);
    }

    [Fact]
    public void A_replaced_weight_is_the_one_in_the_state_dictionary()
    {
        using var layer = Linear(2, 2);
        layer.weight = new Parameter(zeros(2, 2));
        layer.bias = null;
        Assert.Same(layer.weight, layer.state_dict()["weight"]);
        Assert.Single(layer.state_dict());
        Assert.Equal(0, layer.call(ones(1, 2)).sum().item<float>());
    }

    [Fact]
    public void Names_are_checked()
    {
        using var block = new Block();
        using var layer = Linear(1, 1);
        Assert.Throws<ArgumentException>(() => block.register_module("a.b", layer));
        Assert.Throws<ArgumentException>(() => block.register_module("", layer));
        Assert.Throws<InvalidOperationException>(() => block.register_module("to_q", layer));
    }

    [Fact]
    public void Layers_begin_as_in_torch()
    {
        using var norm = GroupNorm(2, 4);
        Assert.True(norm.weight!.Equals(ones(4)) && norm.bias!.Equals(zeros(4)));
        using var conv = Conv2d(4, 8, 3);
        Assert.True(conv.weight.abs().max().item<float>() <= 1 / 6f);
        Assert.True(conv.weight.abs().max().item<float>() > 0.15f);
        using (Layers.Uninitialised())
        using (var skipped = Embedding(2, 3))
            Assert.Equal([2, 3], skipped.weight.shape);
    }

    [Fact]
    public void Modules_of_several_arguments_call_through()
    {
        using var add = new Add();
        add.register_forward_pre_hook((_, a, b) => (a, b * 10));
        Assert.Equal(21f, add.call(ones(1), ones(1) * 2).item<float>());
    }

    private sealed class Add() : Module<Tensor, Tensor, Tensor>("add")
    {
        public override Tensor forward(Tensor a, Tensor b) => a + b;
    }
}

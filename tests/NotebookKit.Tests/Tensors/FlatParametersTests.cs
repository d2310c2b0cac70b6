using NotebookKit.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

public sealed class FlatParametersTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Parameters_keep_their_values_and_look_into_one_vector()
    {
        using var layer = nn.Linear(3, 2);
        var weight = layer.weight!.detach().clone();
        using var flat = new FlatParameters(layer.parameters());
        Assert.True(weight.Equals(layer.weight!.detach()));
        using (no_grad())
            flat.Values.fill_(3);
        Assert.Equal(3f, layer.weight!.detach()[1, 2].item<float>());
        Assert.Equal([[2, 3], [2]], flat.Views(flat.Values).Select(view => view.shape));
    }

    [Fact]
    public void Backward_adds_into_one_gradient_until_it_is_zeroed()
    {
        using var layer = nn.Linear(3, 2);
        using var flat = new FlatParameters(layer.parameters());
        for (var times = 1; times <= 2; times++)
        {
            layer.call(ones(1, 3)).sum().backward();
            Assert.Equal(8f * times, flat.Gradient.sum().item<float>()); // 6 weights and 2 biases of gradient 1
        }

        flat.ZeroGradient();
        Assert.Equal(0f, layer.weight!.grad!.abs().sum().item<float>());
        layer.call(ones(1, 3)).sum().backward();
        Assert.Equal(8f, flat.Gradient.sum().item<float>());
    }

    [Fact]
    public void Several_sets_share_their_values_and_have_a_gradient_each()
    {
        using var a = nn.Linear(3, 2);
        using var b = nn.Linear(3, 2);
        using var first = new FlatParameters(a.parameters());
        using var second = new FlatParameters(b.parameters(), first.Values);
        using (no_grad())
            first.Values.fill_(3);
        Assert.Equal(3f, b.weight!.detach()[1, 2].item<float>());
        b.call(ones(1, 3)).sum().backward();
        Assert.Equal(0f, first.Gradient.abs().sum().item<float>());
        Assert.Equal(8f, second.Gradient.sum().item<float>());
    }

    [Fact]
    public void A_model_goes_on_with_its_values_when_the_vector_is_let_go()
    {
        using var layer = nn.Linear(3, 2);
        var expected = layer.call(ones(1, 3)).detach();
        using (new FlatParameters(layer.parameters()))
        {
        }

        Assert.True(expected.Equals(layer.call(ones(1, 3)).detach()));
        Assert.Null(layer.weight!.grad);
    }

    [Fact]
    public void Of_half_precision_the_type_stays()
    {
        using var flat = new FlatParameters([new Parameter(ones([4], ScalarType.BFloat16))]);
        Assert.Equal((ScalarType.BFloat16, ScalarType.BFloat16), (flat.Values.dtype, flat.Gradient.dtype));
    }
}

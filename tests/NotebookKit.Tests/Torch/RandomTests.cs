using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class RandomTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void The_streams_are_those_of_Python()
    {
        // torch.manual_seed(0); torch.randn(3); torch.rand(2); torch.randint(0, 100, (4,)); torch.randperm(5)
        manual_seed(0);
        Assert.Equal([1.5409961f, -0.2934289f, -2.1787894f], randn(3).data<float>().ToArray());
        manual_seed(0);
        Assert.Equal([0.4962566f, 0.7682218f], rand(2).data<float>().ToArray());
        manual_seed(0);
        Assert.Equal([44L, 39, 33, 60], randint(0, 100, [4]).data<long>().ToArray());
        // torch.nn.Linear(2, 1) after manual_seed(0): weight, bias
        manual_seed(0);
        using var layer = nn.Linear(2, 1);
        Assert.Equal([-0.0053f, 0.3793f], layer.weight.data<float>().ToArray().Select(v => MathF.Round(v, 4)));
        Assert.Equal(-0.5820f, MathF.Round(layer.bias!.item<float>(), 4));
    }

    [Fact]
    public void The_same_seed_gives_the_same_stream_and_another_another()
    {
        manual_seed(42);
        var a = randn(100);
        manual_seed(42);
        Assert.True(a.Equals(randn(100)));
        Assert.False(a.Equals(randn(100)));
        manual_seed(43);
        Assert.False(a.Equals(randn(100)));
    }

    [Fact]
    public void A_generator_has_a_stream_of_its_own()
    {
        using var one = new Generator(5);
        using var two = new Generator(5);
        manual_seed(9);
        var a = randn([4], generator: one);
        var b = zeros(4).normal_(generator: two);
        Assert.True(a.Equals(b));
        var undisturbed = rand(1).item<float>();
        manual_seed(9);
        Assert.Equal(undisturbed, rand(1).item<float>());
        Assert.Equal(5, one.initial_seed());
        one.manual_seed(5);
        Assert.True(a.Equals(randn([4], generator: one)));
    }

    [Fact]
    public void A_generators_state_can_be_kept_and_restored()
    {
        using var generator = new Generator(1);
        _ = randn([3], generator: generator);
        var state = generator.get_state();
        var a = randn([3], generator: generator);
        generator.set_state(state);
        Assert.True(a.Equals(randn([3], generator: generator)));
    }

    [Fact]
    public void Distributions_have_their_means_and_deviations()
    {
        manual_seed(1);
        var n = normal(2, 3, [20000]);
        Assert.Equal(2, n.mean().item<float>(), 0.1f);
        Assert.Equal(3, n.std().item<float>(), 0.1f);
        Assert.Equal(0.3f, zeros(20000).bernoulli_(0.3).mean().item<float>(), 0.02f);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), randperm(50).sort().Values.data<long>().ToArray());
        var t = nn.init.trunc_normal_(empty(20000), std: 2, a: -1, b: 1);
        Assert.True(t.abs().max().item<float>() <= 1);
        Assert.Equal(0, t.mean().item<float>(), 0.02f);
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class SmokeTests
{
    [Fact]
    public void A_small_network_learns_by_AdamW()
    {
        using var outer = NewDisposeScope();
        manual_seed(1);
        using var net = nn.Sequential(("in", nn.Linear(4, 16)), ("act", nn.SiLU()), ("out", nn.Linear(16, 1)));
        Assert.Equal(["in.weight", "in.bias", "out.weight", "out.bias"], net.state_dict().Keys);
        using var optimizer = optim.AdamW(net.parameters(), lr: 0.05);
        var x = randn(64, 4);
        var y = x.sum(1, keepdim: true).tanh();
        float first = 0, last = 0;
        for (var step = 0; step < 60; step++)
        {
            using var scope = NewDisposeScope();
            var loss = nn.functional.mse_loss(net.call(x), y);
            optimizer.zero_grad();
            loss.backward();
            nn.utils.clip_grad_norm_(net.parameters(), 10);
            optimizer.step();
            last = loss.item<float>();
            if (step == 0)
                first = last;
        }

        Assert.True(last < first / 10, $"{first} -> {last}");
    }

    [Fact]
    public void Every_operator_in_use_exists_in_this_libtorch()
    {
        var ops = typeof(torch).Assembly.GetType("TorchSharp.Ops")!;
        var missing = ops.GetFields()
            .Select(f => f.GetValue(null)!)
            .Where(op => !(bool)op.GetType().GetProperty("Exists")!.GetValue(op)!)
            .Select(op => op.GetType().GetProperty("Name")!.GetValue(op))
            .ToArray();
        Assert.Equal(["scaled_dot_product_attention"], missing);
    }

    [Fact]
    public void A_wrong_matmul_throws_with_the_shapes()
    {
        using var scope = NewDisposeScope();
        var e = Assert.ThrowsAny<Exception>(() => ones(2, 3).matmul(ones(4, 5)));
        Assert.Contains("matmul(float32(2, 3), float32(4, 5))", e.Message);
    }
}

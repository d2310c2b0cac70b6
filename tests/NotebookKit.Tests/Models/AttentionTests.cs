using NotebookKit.Models;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Models;

public sealed class AttentionTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Generator random = new(7);

    public void Dispose()
    {
        scope.Dispose();
        random.Dispose();
    }

    [Theory]
    [InlineData(1)] // one row at a time
    [InlineData(40)] // some rows of a head, not dividing it
    [InlineData(143)] // one head
    [InlineData(300)] // two heads of six
    [InlineData(100000)] // all at once
    public void In_pieces_attention_is_what_it_is_at_once(long mostScores)
    {
        var (q, k, v) = (Numbers(6, 11, 8), Numbers(6, 13, 8), Numbers(6, 13, 8));
        foreach (var mask in new[] { null, Numbers(11, 13), Numbers(6, 11, 13) })
        {
            var whole = ScaledDotProduct.Plain(q, k, v, mask);
            Assert.True(ScaledDotProduct.InPieces(q, k, v, mask, mostScores, gradient: false).allclose(whole, atol: 1e-6));
            Assert.True(ScaledDotProduct.InPieces(q, k, v, mask, mostScores, gradient: true).allclose(whole, atol: 1e-6));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(300)]
    public void So_are_its_gradients(long mostScores)
    {
        Tensor[] inputs = [Numbers(6, 11, 8).requires_grad_(), Numbers(6, 13, 8).requires_grad_(), Numbers(6, 13, 8).requires_grad_()];
        foreach (var mask in new[] { null, Numbers(11, 13) })
        {
            var whole = Gradients(inputs, ScaledDotProduct.Plain(inputs[0], inputs[1], inputs[2], mask));
            var pieces = Gradients(inputs, ScaledDotProduct.InPieces(inputs[0], inputs[1], inputs[2], mask, mostScores, gradient: true));
            foreach (var (expected, actual) in whole.Zip(pieces))
                Assert.True(actual.allclose(expected, atol: 1e-6));
        }
    }

    [Fact]
    public void The_setting_bounds_what_attention_holds()
    {
        using var noGrad = no_grad();
        var (q, k, v) = (Numbers(1, 512, 16), Numbers(1, 512, 16), Numbers(1, 512, 16));
        var before = AttentionMemory.MostScores;
        var whole = Held(() => ScaledDotProduct.Attend(q, k, v, 4, null, upcast: false));
        try
        {
            AttentionMemory.MostScores = 32 * 512;
            var pieces = Held(() => ScaledDotProduct.Attend(q, k, v, 4, null, upcast: false));
            if (TorchExtras.HasFusedAttention || TorchExtras.TensorBytes() is null)
                return; // the fused kernel holds no scores at all
            Assert.True(whole.Bytes > 2 * 4 * 512 * 512 * 4, $"{whole.Bytes} at once");
            Assert.InRange(pieces.Bytes, 0, 2 * 32 * 512 * 4 + 8 * 512 * 16 * 4);
            Assert.True(pieces.Result.allclose(whole.Result, atol: 1e-6));
        }
        finally
        {
            AttentionMemory.MostScores = before;
        }
    }

    [Fact]
    public void Nothing_at_once_is_no_bound() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => AttentionMemory.MostScores = 0);

    private static (long Bytes, Tensor Result) Held(Func<Tensor> work)
    {
        TorchExtras.ResetPeakMemory();
        var before = TorchExtras.TensorBytes()?.Now ?? 0;
        Tensor result;
        using (NewDisposeScope())
            result = work().MoveToOuterDisposeScope();
        return ((TorchExtras.TensorBytes()?.Peak ?? 0) - before, result);
    }

    private static Tensor[] Gradients(Tensor[] inputs, Tensor output)
    {
        foreach (var input in inputs)
            input.grad?.zero_();
        (output * output).sum().backward();
        return [.. inputs.Select(input => input.grad!.clone())];
    }

    private Tensor Numbers(params long[] shape) => randn(shape, generator: random);
}

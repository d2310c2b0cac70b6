using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

public sealed class EmbeddingTableTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void It_looks_up_what_torchs_own_does_and_gets_the_same_gradient()
    {
        manual_seed(2);
        using var ours = Layers.Embedding(5, 3);
        using var theirs = nn.Embedding_from_pretrained(ours.weight.detach().clone(), freeze: false);
        var ids = tensor(new long[,] { { 4, 0, 4 }, { 1, 4, 0 } }); // some twice, some never
        var weights = randn(2, 3, 3);
        var (mine, its) = (ours.call(ids), theirs.call(ids));
        Assert.Equal([2, 3, 3], mine.shape);
        Assert.True(mine.Equals(its));

        (mine * weights).sum().backward();
        (its * weights).sum().backward();
        Assert.True(ours.weight.grad!.Equals(theirs.weight!.grad!));
    }

    [Fact]
    public void Freed_it_gives_its_table_back()
    {
        var table = Layers.Embedding(5, 3);
        var weight = table.weight;
        table.Dispose();
        Assert.True(weight.IsInvalid);
    }
}

using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>
/// Layers to which something is added while they compute, and which can have it in their weights for as long as nothing of it
/// changes: many passes then cost what the layers alone do.
/// </summary>
public static class FoldedWeights
{
    private static readonly ConditionalWeakTable<nn.Module, Func<IDisposable?>> Known = [];

    /// <summary>Says how a layer's addition is put into its weight.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="fold">Puts it there until what it returns is disposed; null where that would not pay.</param>
    public static void Register(nn.Module layer, Func<IDisposable?> fold) => Known.AddOrUpdate(layer, fold);

    /// <summary>
    /// Puts what is added to the layers of networks into their weights until disposed. Several threads may do so, and compute,
    /// at once.
    /// </summary>
    /// <param name="networks">The UNet, the text encoder.</param>
    public static IDisposable Fold(params IEnumerable<nn.Module> networks)
    {
        var folded = new Folded();
        try
        {
            foreach (var module in networks.SelectMany(network => network.modules()))
            {
                if (Known.TryGetValue(module, out var fold) && fold() is { } layer)
                    folded.Layers.Push(layer);
            }
        }
        catch
        {
            folded.Dispose(); // out of memory, it may be
            throw;
        }

        return folded;
    }

    private sealed class Folded : IDisposable
    {
        public Stack<IDisposable> Layers { get; } = [];

        public void Dispose()
        {
            while (Layers.TryPop(out var layer))
                layer.Dispose();
        }
    }
}

using NotebookKit.Checkpoints;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>
/// One network's share of a checkpoint under the names of diffusers: nothing is copied, each tensor is a stretch of one
/// in the file. It does not own that file.
/// </summary>
internal sealed class WeightPart(WeightFile source) : WeightFile
{
    private readonly Dictionary<string, WeightEntry> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (WeightFile File, WeightEntry Entry, long First)> _places = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override string Path => source.Path;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, WeightEntry> Weights => _weights;

    /// <summary>Enters a tensor of the file under its new name.</summary>
    /// <param name="name">The name in diffusers.</param>
    /// <param name="entry">The tensor in the file.</param>
    /// <param name="shape">Its shape here; the file's own when null.</param>
    /// <param name="first">Where in the file's tensor it begins, in elements.</param>
    public void Add(string name, WeightEntry entry, IReadOnlyList<long>? shape = null, long first = 0)
    {
        _weights[name] = new WeightEntry(name, entry.DType, shape ?? entry.Shape);
        _places[name] = (source, entry, first);
    }

    /// <summary>Enters the positions 0, 1, 2, … that a text encoder's <c>position_ids</c> are, whatever the file has there.</summary>
    public void AddPositions(string name, long count)
    {
        _weights[name] = new WeightEntry(name, TorchSharp.torch.ScalarType.Int64, [1, count]);
        _places.Remove(name);
    }

    /// <inheritdoc/>
    protected internal override void CopyElements(WeightEntry entry, long first, Span<byte> into)
    {
        if (_places.TryGetValue(entry.Name, out var place))
        {
            place.File.CopyElements(place.Entry, place.First + first, into);
            return;
        }

        var numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(into);
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = first + i;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}

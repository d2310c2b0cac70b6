namespace NotebookKit.Checkpoints;

/// <summary>
/// An open <c>.safetensors</c> file, mapped into memory: its tensors are read one at a time, so that loading a 4 GB
/// model into its parameters needs no second copy of it in memory.
/// </summary>
public sealed class SafetensorsFile : WeightFile
{
    private readonly MappedFile _file;

    private SafetensorsFile(MappedFile file, SafetensorsHeader header)
    {
        this._file = file;
        Header = header;
        Weights = header.Tensors.ToDictionary(
            pair => pair.Key, pair => new WeightEntry(pair.Key, SafetensorsTypes.ToScalarType(pair.Value.DType), pair.Value.Shape),
            StringComparer.Ordinal);
    }

    /// <summary>What the file holds, checked whole.</summary>
    public SafetensorsHeader Header { get; }

    /// <inheritdoc/>
    public override string Path => _file.Path;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, WeightEntry> Weights { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => Header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">A <c>.safetensors</c> file.</param>
    /// <returns>The open file.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed in any way.</exception>
    public static new SafetensorsFile Open(string path)
    {
        var header = SafetensorsHeader.Read(path);
        var file = MappedFile.Open(path);
        var end = header.DataStart + (header.Tensors.Count == 0 ? 0 : header.Tensors.Values.Max(entry => entry.End));
        if (file.Length >= end)
            return new SafetensorsFile(file, header);
        file.Dispose();
        throw new BadInputException($"{path} shrank while it was read; copy or download it again.");
    }

    /// <inheritdoc/>
    protected internal override void CopyElements(WeightEntry entry, long first, Span<byte> into)
    {
        var place = Header.Tensors[entry.Name];
        _file.Copy(Header.DataStart + place.Begin + first * SafetensorsTypes.SizeOf(entry.DType), into);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _file.Dispose();
}

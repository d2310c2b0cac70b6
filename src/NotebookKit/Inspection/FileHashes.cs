using System.Security.Cryptography;
using NotebookKit.Checkpoints;

namespace NotebookKit.Inspection;

/// <summary>The hashes by which the web UI and model sites name a file.</summary>
/// <param name="Sha256">Of the whole file.</param>
/// <param name="AutoV1">The web UI's first kind: 8 digits of 64 kB from the second megabyte on; easily shared by two files.</param>
/// <param name="AutoV2">Its second kind, in every picture's settings as <c>Model hash</c>: the first 10 digits of
/// <see cref="Sha256"/>.</param>
/// <param name="AutoV3">For a LoRA in safetensors, of the tensors alone, so that editing the notes keeps it: the first 12 digits.</param>
public sealed record FileHashes(string Sha256, string AutoV1, string AutoV2, string? AutoV3)
{
    private const int V1Start = 0x100000, V1Length = 0x10000;

    /// <summary>Reads a file once and hashes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dataStart">Where the tensors begin in a safetensors file; null for another.</param>
    public static FileHashes Of(string path, long? dataStart = null)
    {
        using var stream = SafetensorsHeader.Open(path);
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var stretch = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var data = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        long at = 0;
        for (int count; (count = stream.Read(buffer)) > 0; at += count)
        {
            var bytes = buffer.AsSpan(0, count);
            whole.AppendData(bytes);
            stretch.AppendData(Part(bytes, V1Start - at, V1Start + V1Length - at));
            if (dataStart is { } start)
                data.AppendData(Part(bytes, start - at, long.MaxValue));
        }

        var sha256 = Convert.ToHexStringLower(whole.GetHashAndReset());
        return new FileHashes(
            sha256, Convert.ToHexStringLower(stretch.GetHashAndReset())[..8], sha256[..10],
            dataStart is null ? null : Convert.ToHexStringLower(data.GetHashAndReset())[..12]);
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bytes, long from, long to)
    {
        var (first, last) = ((int)Math.Clamp(from, 0, bytes.Length), (int)Math.Clamp(to, 0, bytes.Length));
        return first < last ? bytes[first..last] : [];
    }
}

namespace NotebookKit.Checkpoints.Zip;

/// <summary>One file inside a zip archive.</summary>
/// <param name="Name">Its name, which is only ever compared, never used as a path.</param>
/// <param name="Deflated">Packed by deflate; otherwise the bytes lie in the archive as they are.</param>
/// <param name="DataOffset">Where its bytes begin in the archive.</param>
/// <param name="PackedLength">Bytes in the archive.</param>
/// <param name="Length">Bytes unpacked, by the archive's own account.</param>
/// <param name="Checksum">The CRC-32 of the unpacked bytes; 0 where the writer was told not to compute it.</param>
internal sealed record ZipPart(string Name, bool Deflated, long DataOffset, long PackedLength, long Length, uint Checksum);

namespace NotebookKit.Checkpoints;

/// <summary>Calls by its name what is often found in a checkpoint's place.</summary>
internal static class NotCheckpoint
{
    /// <summary>Refuses what cannot be a PyTorch checkpoint.</summary>
    /// <param name="head">The first bytes of the file, 512 where it has them.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="BadInputException">It is something else.</exception>
    public static void Refuse(ReadOnlySpan<byte> head, string path)
    {
        if (head.Length == 0)
            throw new BadInputException($"{path} is empty; copy or download it again.");
        if (head.StartsWith("version "u8))
            throw new BadInputException($"{path} is a Git LFS pointer, not the file itself; run 'git lfs pull' or download the file.");
        if (head.TrimStart(" \r\n"u8).StartsWith("<"u8))
            throw new BadInputException($"{path} is a web page, not a checkpoint; download the file itself.");
        if (head.Length >= 262 && head.Slice(257, 5).SequenceEqual("ustar"u8))
            throw new BadInputException($"{path} is a tar archive, which PyTorch wrote before 0.1.10; load and save it with a newer "
                + "PyTorch.");
        if (!head.StartsWith("PK"u8) && head[0] is not (0x80 or (byte)'(' or (byte)'c' or (byte)'}' or (byte)']'))
            throw new BadInputException($"{path} is no checkpoint; give a .safetensors or a PyTorch file (.ckpt, .pt, .bin).");
    }
}

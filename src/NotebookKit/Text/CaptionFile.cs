using System.Text;

namespace NotebookKit.Text;

/// <summary>
/// The text file beside a picture that describes it: NAME.txt or kohya's NAME.caption, in any letter case, in UTF-8, or in
/// UTF-16 with a mark.
/// </summary>
public static class CaptionFile
{
    /// <summary>The endings that are looked for, the first first.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".txt", ".caption"];

    /// <summary>A picture's caption file; null where it has none.</summary>
    /// <param name="picture">The picture's path; it is not read.</param>
    /// <param name="ending">The ending to look for alone, with its dot or without; the usual ones where null.</param>
    public static string? Of(string picture, string? ending = null)
    {
        var wanted = ending is null ? Endings : [Dotted(ending)];
        foreach (var one in wanted)
        {
            if (File.Exists(Path.ChangeExtension(picture, one)))
                return Path.ChangeExtension(picture, one);
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(picture))!;
        if (!Directory.Exists(folder))
            return null;
        var name = Path.GetFileNameWithoutExtension(picture);
        return Directory.EnumerateFiles(folder, "*", new EnumerationOptions { MatchCasing = MatchCasing.CaseInsensitive })
            .Where(file => Path.GetFileNameWithoutExtension(file) == name && wanted.Contains(Path.GetExtension(file).ToLowerInvariant()))
            .OrderBy(file => wanted.ToList().IndexOf(Path.GetExtension(file).ToLowerInvariant()))
            .ThenBy(file => file, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    /// <summary>Reads a caption.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="BadInputException">It cannot be read, or is neither UTF-8 nor UTF-16 with a mark.</exception>
    public static string Read(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"The caption {file} cannot be read: {e.Message}", e);
        }

        ReadOnlySpan<byte> text = bytes;
        if (text.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
            return Wide(text[2..], bigEndian: false, file);
        if (text.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return Wide(text[2..], bigEndian: true, file);
        var mark = text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
        for (var at = mark; at < text.Length;)
        {
            // A NUL is no letter of a caption, but every second byte of UTF-16 without its mark.
            if (text[at] == 0 || Rune.DecodeFromUtf8(text[at..], out _, out var taken) != System.Buffers.OperationStatus.Done)
                throw new BadInputException($"The caption {file} is not UTF-8: its byte {at} is 0x{text[at]:X2}; save it as UTF-8.");
            at += taken;
        }

        return Encoding.UTF8.GetString(text[mark..]).Trim();
    }

    /// <summary>An ending with its dot, in small letters.</summary>
    /// <param name="ending">As somebody wrote it.</param>
    internal static string Dotted(string ending) => "." + ending.Trim().TrimStart('.').ToLowerInvariant();

    private static string Wide(ReadOnlySpan<byte> bytes, bool bigEndian, string file)
    {
        try
        {
            return new UnicodeEncoding(bigEndian, byteOrderMark: false, throwOnInvalidBytes: true).GetString(bytes).Trim();
        }
        catch (DecoderFallbackException e)
        {
            throw new BadInputException($"The caption {file} is marked as UTF-16 and its byte {e.Index + 2} is not; save it as UTF-8.", e);
        }
    }
}

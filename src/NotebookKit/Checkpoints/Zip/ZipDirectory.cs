using System.Buffers.Binary;
using System.Text;

namespace NotebookKit.Checkpoints.Zip;

/// <summary>
/// The table of contents of a zip archive (PKWARE's APPNOTE.TXT, with ZIP64): where each part's bytes lie in the file,
/// which .NET's own reader does not tell and mapping needs. Every offset is checked to lie inside the file.
/// </summary>
internal static class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50, EntrySignature = 0x02014b50,
        LocalSignature = 0x04034b50;
    private const int EndLength = 22, EntryLength = 46, LocalLength = 30, LongestComment = 65535;
    private const long MaximumDirectory = 32 << 20;

    /// <summary>Reads the table of contents.</summary>
    /// <returns>The parts by name.</returns>
    /// <exception cref="BadInputException">The archive is cut off, damaged, or not such as PyTorch writes.</exception>
    public static IReadOnlyDictionary<string, ZipPart> Read(MappedFile file)
    {
        var (offset, length, count) = FindDirectory(file);
        if (length > MaximumDirectory)
            throw Broken(file, "its table of contents is longer than any checkpoint's");
        var directory = file.Bytes(offset, (int)length);
        var parts = new Dictionary<string, ZipPart>(StringComparer.Ordinal);
        var at = 0;
        for (var i = 0L; i < count; i++)
        {
            var part = Entry(file, directory, ref at, offset);
            if (!parts.TryAdd(part.Name, part))
                throw Broken(file, $"it holds two parts named '{Shown(part.Name)}'");
        }

        // Parts that share bytes let a small file unpack to any size.
        var next = 0L;
        foreach (var part in parts.Values.OrderBy(part => part.DataOffset))
        {
            if (part.DataOffset < next)
                throw Broken(file, $"'{Shown(part.Name)}' shares bytes with another part");
            next = part.DataOffset + part.PackedLength;
        }

        return parts;
    }

    /// <summary>A name as an error sentence can hold it.</summary>
    internal static string Shown(string name) =>
        string.Concat(name.Take(80).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + (name.Length > 80 ? "…" : "");

    private static (long Offset, long Length, long Count) FindDirectory(MappedFile file)
    {
        var tailLength = (int)Math.Min(file.Length, EndLength + LongestComment);
        var tail = file.Bytes(file.Length - tailLength, tailLength);
        for (var at = tail.Length - EndLength; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (U32(end) != EndSignature || U16(end[20..]) != end.Length - EndLength)
                continue;
            var endOffset = file.Length - tailLength + at;
            var (offset, length, count) = ((long)U32(end[16..]), (long)U32(end[12..]), (long)U16(end[10..]));
            if (offset == uint.MaxValue || length == uint.MaxValue || count == ushort.MaxValue)
                (offset, length, count) = Directory64(file, endOffset) ?? (offset, length, count);
            if (offset < 0 || length < 0 || count < 0 || offset > endOffset || length > endOffset - offset || count > length / EntryLength)
                throw Broken(file, "its table of contents lies outside the file");
            return (offset, length, count);
        }

        throw new BadInputException($"{file.Path} is cut off or damaged: the zip archive that a PyTorch checkpoint is has lost its table "
            + "of contents. Copy or download it again.");
    }

    private static (long Offset, long Length, long Count)? Directory64(MappedFile file, long endOffset)
    {
        if (endOffset < 20)
            return null;
        var locator = file.Bytes(endOffset - 20, 20);
        if (U32(locator) != Locator64Signature)
            return null;
        var at = I64(locator.AsSpan(8));
        if (at < 0 || at > endOffset - 20 - 56)
            throw Broken(file, "its table of contents lies outside the file");
        var end = file.Bytes(at, 56);
        return U32(end) == End64Signature
            ? (I64(end.AsSpan(48)), I64(end.AsSpan(40)), I64(end.AsSpan(32)))
            : throw Broken(file, "its table of contents is damaged");
    }

    private static ZipPart Entry(MappedFile file, ReadOnlySpan<byte> directory, ref int at, long directoryOffset)
    {
        var entry = directory[at..];
        if (entry.Length < EntryLength || U32(entry) != EntrySignature)
            throw Broken(file, "its table of contents is damaged");
        var (flags, method) = (U16(entry[8..]), U16(entry[10..]));
        var (nameLength, extraLength, commentLength) = (U16(entry[28..]), U16(entry[30..]), U16(entry[32..]));
        var whole = EntryLength + nameLength + extraLength + commentLength;
        if (whole > entry.Length)
            throw Broken(file, "its table of contents is damaged");
        at += whole;
        var name = Encoding.UTF8.GetString(entry.Slice(EntryLength, nameLength));
        if ((flags & 1) != 0)
            throw Broken(file, $"its part '{Shown(name)}' is encrypted");
        if (method is not (0 or 8))
            throw Broken(file, $"its part '{Shown(name)}' is packed by a method that PyTorch does not use");
        var (packed, length, local) = Sizes(entry, entry.Slice(EntryLength + nameLength, extraLength));
        if (packed < 0 || length < 0 || local < 0 || local > directoryOffset - LocalLength || (method == 0 && packed != length))
            throw Broken(file, $"its part '{Shown(name)}' lies outside the file");
        var head = file.Bytes(local, LocalLength);
        if (U32(head) != LocalSignature)
            throw Broken(file, $"its part '{Shown(name)}' is not where the table of contents says");
        var data = local + LocalLength + U16(head.AsSpan(26)) + U16(head.AsSpan(28));
        if (data > directoryOffset || packed > directoryOffset - data)
            throw Broken(file, $"its part '{Shown(name)}' lies outside the file");
        return new ZipPart(name, method == 8, data, packed, length, U32(entry[16..]));
    }

    // Sizes over 4 GB stand in an extra field, in this order and only those that do not fit.
    private static (long Packed, long Length, long Local) Sizes(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        long packed = U32(entry[20..]), length = U32(entry[24..]), local = U32(entry[42..]);
        while (extra.Length >= 4)
        {
            int id = U16(extra), size = U16(extra[2..]);
            if (size > extra.Length - 4)
                break;
            var field = extra.Slice(4, size);
            if (id == 1)
            {
                length = Take(ref field, length);
                packed = Take(ref field, packed);
                local = Take(ref field, local);
            }

            extra = extra[(4 + size)..];
        }

        return (packed, length, local);

        static long Take(ref ReadOnlySpan<byte> field, long value)
        {
            if (value != uint.MaxValue || field.Length < 8)
                return value;
            var wide = I64(field);
            field = field[8..];
            return wide;
        }
    }

    private static int U16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static long I64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);

    private static BadInputException Broken(MappedFile file, string what) =>
        new($"{file.Path} is no checkpoint that can be read: {what}. Copy or download it again.");
}

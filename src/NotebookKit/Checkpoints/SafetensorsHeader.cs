using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace NotebookKit.Checkpoints;

/// <summary>
/// The head of a <c>.safetensors</c> file: eight bytes of length, then JSON that says where each tensor lies. Checked
/// whole before any data is read, by the rules of the format's README and its reference reader (safetensors 0.4):
/// no gap, no overlap, no duplicate, no byte too many.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>The reference reader's limit for the header, in bytes.</summary>
    public const long MaximumLength = 100_000_000;

    /// <summary>No tensor library takes more dimensions; a file that promises more is not a checkpoint.</summary>
    private const int MaximumRank = 64;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 8 };

    private SafetensorsHeader(
        IReadOnlyDictionary<string, SafetensorsEntry> tensors,
        IReadOnlyDictionary<string, string> metadata,
        long dataStart)
    {
        Tensors = tensors;
        Metadata = metadata;
        DataStart = dataStart;
    }

    /// <summary>Every tensor by name, in the order in which their data lies in the file.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors { get; }

    /// <summary>The free text pairs under <c>__metadata__</c>; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Where the data part begins in the file, in bytes.</summary>
    public long DataStart { get; }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <param name="path">A <c>.safetensors</c> file.</param>
    /// <returns>The header; every offset in it lies inside the file.</returns>
    /// <exception cref="BadInputException">The file is missing, or anything about its header is not as the format says.</exception>
    public static SafetensorsHeader Read(string path)
    {
        using var stream = Open(path);
        try
        {
            return Read(stream, path);
        }
        catch (EndOfStreamException e)
        {
            throw new BadInputException($"{path} shrank while it was read; copy or download it again.", e);
        }
    }

    internal static FileStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            throw new BadInputException($"{path} is a folder; name the .safetensors file inside it.");
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BadInputException($"{path} does not exist; check the path.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BadInputException($"{path} can't be read; check its permissions.", e);
        }
    }

    private static SafetensorsHeader Read(FileStream stream, string path)
    {
        var fileLength = stream.Length;
        var bytes = ReadHeaderBytes(stream, fileLength, path);
        var (entries, metadata) = Parse(bytes, path);
        var dataStart = 8L + bytes.Length;
        var ordered = InDataOrder(entries, fileLength - dataStart, path);
        return new SafetensorsHeader(ordered, metadata, dataStart);
    }

    private static byte[] ReadHeaderBytes(FileStream stream, long fileLength, string path)
    {
        if (fileLength == 0)
            throw new BadInputException($"{path} is empty; copy or download it again.");
        Span<byte> head = stackalloc byte[(int)Math.Min(16, fileLength)];
        stream.ReadExactly(head);
        if (head.StartsWith("version "u8))
            throw new BadInputException($"{path} is a Git LFS pointer, not the file itself; run 'git lfs pull' or download the file.");
        // A length may begin with any byte: only where no header can follow is the file likely to be something else.
        if (head.Length < 9 || head[8] != (byte)'{')
        {
            if (head.StartsWith("PK\x03\x04"u8) || head[0] == 0x80)
                throw new BadInputException(
                    $"{path} is a PyTorch pickle or zip checkpoint under a .safetensors name; rename it to .ckpt or convert it.");
            if (head[0] == (byte)'<')
                throw new BadInputException($"{path} is a web page, not a checkpoint; download the file itself.");
        }

        if (head.Length < 8)
            throw new BadInputException($"{path} is truncated: {fileLength} bytes are fewer than the 8 of its length field. Copy or "
                + "download it again.");

        var length = BinaryPrimitives.ReadUInt64LittleEndian(head);
        if (length > MaximumLength)
            throw new BadInputException($"{path} is not a safetensors file: it does not begin with the length of a header. Check "
                + "where it came from.");
        if ((long)length > fileLength - 8)
            throw new BadInputException($"{path} is truncated: its header promises {length} bytes, {fileLength - 8} follow. Copy or "
                + "download it again.");

        var bytes = new byte[(int)length];
        stream.Position = 8;
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static (List<SafetensorsEntry> Entries, Dictionary<string, string> Metadata) Parse(byte[] bytes, string path)
    {
        try
        {
            if (bytes.Length == 0 || bytes[0] != (byte)'{')
                throw new JsonException("a header starts with '{'");
            if (!Utf8.IsValid(bytes))
                throw new JsonException("it is not UTF-8");
            return ParseObject(bytes);
        }
        // Utf8JsonReader reports a lone surrogate as InvalidOperationException, a wrong number as FormatException.
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new BadInputException($"{path} has a broken safetensors header: {Clause(e.Message)}. Copy or download it again.", e);
        }
    }

    private static (List<SafetensorsEntry> Entries, Dictionary<string, string> Metadata) ParseObject(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, Strict);
        var entries = new List<SafetensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        Dictionary<string, string>? metadata = null;

        Expect(ref reader, JsonTokenType.StartObject, "the header");
        while (NextProperty(ref reader, out var name))
        {
            if (!names.Add(name))
                throw new JsonException($"'{Shown(name)}' occurs twice");
            if (name == "__metadata__")
                metadata = ParseMetadata(ref reader);
            else
                entries.Add(ParseEntry(ref reader, name));
        }

        // Reading on checks that nothing but white space follows.
        if (reader.Read())
            throw new JsonException("something follows the closing brace");
        return (entries, metadata ?? []);
    }

    private static Dictionary<string, string> ParseMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "__metadata__");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        while (NextProperty(ref reader, out var key))
        {
            Expect(ref reader, JsonTokenType.String, $"__metadata__ '{Shown(key)}'");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw new JsonException($"__metadata__ '{Shown(key)}' occurs twice");
        }

        return metadata;
    }

    private static SafetensorsEntry ParseEntry(ref Utf8JsonReader reader, string name)
    {
        string? dtype = null;
        List<long>? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, $"'{Shown(name)}'");
        while (NextProperty(ref reader, out var field))
        {
            switch (field)
            {
                case "dtype" when dtype is null:
                    Expect(ref reader, JsonTokenType.String, $"the dtype of '{Shown(name)}'");
                    dtype = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ParseNumbers(ref reader, MaximumRank, $"the shape of '{Shown(name)}'");
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ParseNumbers(ref reader, 2, $"data_offsets of '{Shown(name)}'");
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw new JsonException($"'{Shown(name)}' has two fields {field}");
                default:
                    reader.Read();
                    reader.Skip();
                    break;
            }
        }

        if (dtype is null || shape is null || offsets is not [var begin, var end])
            throw new JsonException($"'{Shown(name)}' lacks its dtype, shape or two data_offsets");
        if (SafetensorsTypes.SizeOf(dtype) is not { } size)
            throw new JsonException($"'{Shown(name)}' has the type '{Shown(dtype)}', which this reader does not know; save it as F32, F16 "
                + "or BF16");
        if (end < begin || end - begin != ByteCount(shape, size, name))
            throw new JsonException($"'{Shown(name)}' of type {dtype} and shape [{string.Join(", ", shape)}] does not fill its bytes "
                + $"{begin} to {end}");
        return new SafetensorsEntry(name, dtype, shape, begin, end);
    }

    private static List<long> ParseNumbers(ref Utf8JsonReader reader, int most, string what)
    {
        Expect(ref reader, JsonTokenType.StartArray, what);
        var numbers = new List<long>(Math.Min(most, 4));
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || reader.ValueSpan[0] == (byte)'-' || !reader.TryGetInt64(out var number))
                throw new JsonException($"{what} must be whole numbers from 0 up");
            if (numbers.Count == most)
                throw new JsonException($"{what} has more than {most} numbers");
            numbers.Add(number);
        }

        return numbers;
    }

    private static long ByteCount(List<long> shape, int size, string name)
    {
        try
        {
            // A zero makes the tensor empty, but the other dimensions must still have strides that fit.
            var bytes = shape.Aggregate((long)size, (product, dimension) => checked(product * Math.Max(dimension, 1)));
            return shape.Contains(0) ? 0 : bytes;
        }
        catch (OverflowException)
        {
            throw new JsonException($"the shape of '{Shown(name)}' is larger than any memory");
        }
    }

    private static Dictionary<string, SafetensorsEntry> InDataOrder(List<SafetensorsEntry> entries, long dataLength, string path)
    {
        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        var next = 0L;
        foreach (var entry in entries)
        {
            if (entry.Begin != next)
            {
                var what = entry.Begin < next ? "shares bytes with another tensor" : "leaves a gap before it";
                throw new BadInputException(
                    $"{path} has a broken safetensors header: '{Shown(entry.Name)}' {what}. Copy or download it again.");
            }

            next = entry.End;
        }

        if (next > dataLength)
            throw new BadInputException($"{path} is truncated: it holds {dataLength} bytes of tensor data, its header promises {next}. "
                + "Copy or download it again.");
        if (next < dataLength)
            throw new BadInputException($"{path} holds {dataLength - next} bytes more than its header promises. Copy or download it "
                + "again.");
        return entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    private static bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        name = "";
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
            return false;
        name = reader.GetString()!;
        return true;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException($"{what} must be "
                + $"{(type == JsonTokenType.StartObject ? "an object" : type == JsonTokenType.StartArray ? "an array" : "a string")}");
    }

    // A hostile name may be megabytes long or hold control characters; an error sentence must stay one sentence.
    private static string Shown(string name)
    {
        var plain = string.Concat(name.Take(80).Select(c => char.IsControl(c) ? '?' : c));
        return name.Length > 80 ? plain + "…" : plain;
    }

    private static string Clause(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.', ' ').ReplaceLineEndings(" ");
    }
}

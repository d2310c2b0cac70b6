using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>
/// Reads and writes <c>.safetensors</c> files, the format of Hugging Face (https://github.com/huggingface/safetensors):
/// nothing in it can run, and a broken or hostile file is refused before a byte of its data is read.
/// </summary>
public static class Safetensors
{
    /// <summary>Loads every tensor of a file.</summary>
    /// <param name="path">A <c>.safetensors</c> file.</param>
    /// <param name="device">Where the tensors go; the CPU when null.</param>
    /// <returns>The tensors by name, in the order of their data.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed in any way.</exception>
    public static Dictionary<string, Tensor> Load(string path, Device? device = null)
    {
        using var file = SafetensorsFile.Open(path);
        return file.ReadAll(device);
    }

    /// <summary>Reads only the free text pairs of a file, such as a LoRA's <c>ss_network_dim</c>.</summary>
    /// <param name="path">A <c>.safetensors</c> file.</param>
    /// <returns>The pairs; empty when the file has none.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed in any way.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path) => SafetensorsHeader.Read(path).Metadata;

    /// <summary>
    /// Writes tensors so that equal content gives equal bytes: widest type first, then by name, as the reference writer
    /// does, so that every tensor is aligned to its own element. A file of that name is replaced only once the new one
    /// is whole.
    /// </summary>
    /// <param name="path">The target; its folder is made when missing.</param>
    /// <param name="tensors">Names and tensors, of any device and layout.</param>
    /// <param name="metadata">Free text pairs, or null.</param>
    /// <exception cref="ArgumentException">Two tensors share a name, or one is called <c>__metadata__</c>.</exception>
    /// <exception cref="IOException">The disk is full or the folder can't be written; nothing is left behind.</exception>
    public static void Save(
        string path,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Save(path, tensors.Select(pair => new TensorToSave(pair.Key, pair.Value, pair.Value.dtype)), metadata);
    }

    /// <summary>Writes tensors as
    /// <see cref="Save(string, IEnumerable{KeyValuePair{string, Tensor}}, IReadOnlyDictionary{string, string})"/> does, each converted only
    /// when its turn comes.</summary>
    internal static void Save(string path, IEnumerable<TensorToSave> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var ordered = tensors
            .OrderByDescending(item => SafetensorsTypes.SizeOf(item.DType))
            .ThenBy(item => SafetensorsTypes.NameOf(item.DType), StringComparer.Ordinal)
            .ThenBy(item => item.Name, StringComparer.Ordinal)
            .ToList();
        var header = HeaderOf(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var item in ordered)
                item.Write(stream);
        });
    }

    private static byte[] HeaderOf(List<TensorToSave> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            var offset = 0L;
            foreach (var item in tensors)
            {
                var name = item.Name;
                if (!names.Add(name))
                    throw new ArgumentException($"The name '{name}' is used twice or is the format's own.", nameof(tensors));
                var dtype = SafetensorsTypes.NameOf(item.DType);
                json.WriteStartObject(name);
                json.WriteString("dtype", dtype);
                json.WriteStartArray("shape");
                foreach (var dimension in item.Shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += item.ByteCount);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8 keep the data aligned; the format allows them after the JSON.
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>
/// Messages to frames and back: routing identities, <c>&lt;IDS|MSG&gt;</c>, an HMAC-SHA256 signature in hex, then
/// header, parent header, metadata and content.
/// </summary>
internal sealed class MessageCodec(string key)
{
    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();
    private const int Remembered = 1 << 16;
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);
    private readonly HashSet<string> _seen = [];

    public IReadOnlyList<byte[]> Encode(Message message)
    {
        var content = Json.Bytes(message.Content);
        var signature = Sign(message.HeaderBytes, message.ParentBytes, Json.Empty, content);
        return [.. message.Identities, Delimiter, signature, message.HeaderBytes, message.ParentBytes, Json.Empty, content];
    }

    /// <exception cref="InvalidDataException">The frames are no signed message of the protocol.</exception>
    public Message Decode(IReadOnlyList<byte[]> frames)
    {
        var delimiter = 0;
        while (delimiter < frames.Count && !frames[delimiter].AsSpan().SequenceEqual(Delimiter))
            delimiter++;
        if (frames.Count < delimiter + 6)
            throw new InvalidDataException("a message of too few frames");

        var signature = Sign(frames[delimiter + 2], frames[delimiter + 3], frames[delimiter + 4], frames[delimiter + 5]);
        if (!CryptographicOperations.FixedTimeEquals(signature, frames[delimiter + 1]))
            throw new InvalidDataException("a message whose signature does not match the key");

        try
        {
            var content = JsonNode.Parse(frames[delimiter + 5]) as JsonObject ?? [];
            var message = new Message([.. frames.Take(delimiter)], frames[delimiter + 2], frames[delimiter + 3], content);
            if (message.Type.Length == 0)
                throw new InvalidDataException("a message without msg_type");
            if (_seen.Count == Remembered)
                _seen.Clear();
            return _seen.Add(Encoding.ASCII.GetString(signature)) ? message
                : throw new InvalidDataException("a message that came before, word for word");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new InvalidDataException($"a message that is not JSON ({e.Message})");
        }
    }

    private byte[] Sign(params ReadOnlySpan<byte[]> parts)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        foreach (var part in parts)
            hmac.AppendData(part);
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.GetHashAndReset()));
    }
}

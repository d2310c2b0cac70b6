using System.Globalization;
using System.Text.Json.Nodes;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>
/// One message of the Jupyter protocol (5.3). Header and parent header stay the bytes that came, because they are signed
/// and sent back as such.
/// </summary>
internal sealed record Message(IReadOnlyList<byte[]> Identities, byte[] HeaderBytes, byte[] ParentBytes, JsonObject Content)
{
    public const string ProtocolVersion = "5.3";

    /// <summary>This process, as far as headers go.</summary>
    public static readonly string Session = Guid.NewGuid().ToString("N");

    private readonly Lazy<JsonObject> _header = new(() => JsonNode.Parse(HeaderBytes)!.AsObject());

    public JsonObject Header => _header.Value;

    public string Type => Header.Text("msg_type") ?? "";

    /// <summary>A new message that answers or belongs to <paramref name="parent"/>.</summary>
    public static Message Create(string type, JsonObject content, Message? parent, IReadOnlyList<byte[]>? identities = null)
    {
        var header = new JsonObject
        {
            ["msg_id"] = Guid.NewGuid().ToString("N"),
            ["session"] = Session,
            ["username"] = "kernel",
            ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            ["msg_type"] = type,
            ["version"] = ProtocolVersion,
        };
        return new Message(identities ?? [], Json.Bytes(header), parent?.HeaderBytes ?? Json.Empty, content);
    }
}

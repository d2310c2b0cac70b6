using System.Text.Json;

namespace NotebookKit.Checkpoints.Hub;

/// <summary>What a revision of a model holds, as the hub's API tells it (<c>/api/models/NAME/revision/REV?blobs=true</c>).</summary>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Files">Every file.</param>
internal sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>Reads the answer. Nothing in it is trusted: its names become paths on this machine.</summary>
    /// <exception cref="BadInputException">It is not such an answer.</exception>
    public static HubListing Parse(ReadOnlyMemory<byte> json, string model)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
            var commit = Hex(document.RootElement.GetProperty("sha").GetString(), 40);
            var files = document.RootElement.GetProperty("siblings").EnumerateArray().Select(File).OfType<HubFile>().ToList();
            return new HubListing(commit, files);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BadInputException($"The answer of the hub about {model} is not understood; check HF_ENDPOINT, or try again later.",
                e);
        }
    }

    private static HubFile? File(JsonElement sibling)
    {
        var path = sibling.GetProperty("rfilename").GetString();
        if (path is null || path.Split('/').Any(part => part is "" or "." or "..") || path.IndexOfAny(['\\', '\0', ':']) >= 0)
            throw new FormatException($"'{path}' is no path inside a repository");
        if (sibling.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object)
        {
            var hash = lfs.TryGetProperty("sha256", out var sha) ? sha.GetString() : lfs.GetProperty("oid").GetString();
            return new HubFile(path, Size(lfs), Hex(hash, 64));
        }

        // A listing without hashes cannot be verified; such a file is as good as absent.
        return sibling.TryGetProperty("blobId", out var blob) && blob.GetString() is { } id ? new HubFile(path, Size(sibling), Hex(id, 40))
            : null;
    }

    private static long Size(JsonElement element) =>
        element.GetProperty("size").GetInt64() is >= 0 and var size ? size : throw new FormatException("a size is negative");

    private static string Hex(string? text, int length) =>
        text is not null && text.Length == length && text.All(char.IsAsciiHexDigitLower) ? text
            : throw new FormatException($"'{text}' is no hash");
}

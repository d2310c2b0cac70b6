
namespace NotebookKit.Checkpoints.Hub;

/// <summary>
/// Where the hub is, where its files are kept, and who asks: the same environment variables and the same folders as
/// Python's <c>huggingface_hub</c>, so that what one has downloaded the other finds. No record: a record would print the token.
/// </summary>
public sealed class HubSettings
{
    /// <summary>The server; <c>HF_ENDPOINT</c>.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>The folder of all models; <c>HF_HUB_CACHE</c>, else <c>hub</c> below <c>HF_HOME</c>.</summary>
    public string CacheFolder { get; init; } = "";

    /// <summary>Ask no server at all; <c>HF_HUB_OFFLINE</c>.</summary>
    public bool Offline { get; init; }

    /// <summary>Who asks; <c>HF_TOKEN</c>, else the file that <c>huggingface-cli login</c> writes. Sent to <see cref="Endpoint"/> only,
    /// never shown.</summary>
    internal string? Token { get; init; }

    /// <summary>How long the first wait before a new try is; each later one is twice as long.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the server may be silent before a try counts as failed.</summary>
    internal TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads the environment.</summary>
    /// <exception cref="BadInputException"><c>HF_ENDPOINT</c> is no address.</exception>
    public static HubSettings FromEnvironment()
    {
        var home = Of("HF_HOME") ?? Path.Combine(
            Of("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "huggingface");
        var endpoint = Of("HF_ENDPOINT") ?? "https://huggingface.co";
        if (!Uri.TryCreate(endpoint.TrimEnd('/'), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new BadInputException($"HF_ENDPOINT is '{endpoint}', which is no address; write something like https://huggingface.co.");
        return new HubSettings
        {
            Endpoint = address,
            CacheFolder = Of("HF_HUB_CACHE") ?? Of("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"),
            Offline = (Of("HF_HUB_OFFLINE") ?? Of("TRANSFORMERS_OFFLINE"))?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
            Token = Of("HF_TOKEN") ?? Of("HUGGING_FACE_HUB_TOKEN") ?? FromFile(Of("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
        };
    }

    private static string? Of(string name) => Environment.GetEnvironmentVariable(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static string? FromFile(string path)
    {
        try
        {
            return File.Exists(path) && new FileInfo(path).Length < 4096 && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a token that may not be read is no token: public models need none
        }
    }
}

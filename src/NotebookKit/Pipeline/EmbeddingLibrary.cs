using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// The textual-inversion files below a folder by their words, as in the web UI: a file is used where its name without the
/// ending stands in a prompt as a word of its own, whatever its case. Where a file names its word, that word works too.
/// </summary>
public sealed class EmbeddingLibrary
{
    /// <summary>Where embeddings lie when nothing else is said.</summary>
    public const string Folder = "embeddings";

    private static readonly string[] Endings = [".safetensors", ".pt", ".bin"];

    private readonly Dictionary<string, string> _files = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Looks through a folder and all below it; one that is not there holds nothing.</summary>
    /// <param name="folder">The folder.</param>
    public EmbeddingLibrary(string folder = Folder)
    {
        var files = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)
                .ToList()
            : [];
        foreach (var file in files)
            _files.TryAdd(Path.GetFileNameWithoutExtension(file), file);
        foreach (var file in files)
        {
            if (TokenIn(file) is { } token)
                _files.TryAdd(token, file);
        }
    }

    /// <summary>The words.</summary>
    public IReadOnlyCollection<string> Words => _files.Keys;

    /// <summary>Attaches the words that stand in any of some prompts.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="prompts">The prompt and the negative prompt, and any further ones.</param>
    /// <returns>The words, and what could not be attached; disposing takes them off again.</returns>
    public EmbeddingStack Attach(StableDiffusion sd, params IReadOnlyList<string> prompts)
    {
        ArgumentNullException.ThrowIfNull(sd);
        ArgumentNullException.ThrowIfNull(prompts);
        var words = new List<TokenEmbedding>();
        var warnings = new List<string>();
        foreach (var (word, path) in _files.Where(file => prompts.Any(prompt => ClipTokenizer.HasWord(prompt, file.Key))))
        {
            using var scope = NewDisposeScope();
            try
            {
                if (!sd.Tokenizer.AddedWords.Contains(word, StringComparer.OrdinalIgnoreCase)) // a LoRA may have brought it along
                    words.Add(TokenEmbedding.Attach(sd, EmbeddingFile.Read(path), word));
            }
            catch (BadInputException e)
            {
                warnings.Add(e.Message); // the picture is drawn without it, as the web UI does
            }
        }

        return new EmbeddingStack(words, warnings);
    }

    private static string? TokenIn(string file)
    {
        using var scope = NewDisposeScope();
        try
        {
            return EmbeddingFile.Read(file).Token;
        }
        catch (BadInputException)
        {
            return null; // complained about when it is asked for
        }
    }
}

/// <summary>The words that prompts asked for, attached to a base. Disposing takes them off again.</summary>
/// <param name="Words">What is attached.</param>
/// <param name="Warnings">Files that a prompt asked for and that do not fit.</param>
public sealed record EmbeddingStack(IReadOnlyList<TokenEmbedding> Words, IReadOnlyList<string> Warnings) : IDisposable
{
    /// <summary>Takes every word off.</summary>
    public void Dispose()
    {
        foreach (var word in Words)
            word.Dispose();
    }
}

using NotebookKit.Text;

namespace NotebookKit.Cli.Doctor;

/// <summary>The vocabulary, the base model and the sample photos.</summary>
internal static class DataChecks
{
    private static readonly string[] Parts = ["model_index.json", "unet", "vae", "text_encoder", "tokenizer", "scheduler"];

    public static IEnumerable<Finding> All()
    {
        yield return Vocabulary();
        yield return BaseModel();
        yield return Photos();
    }

    private static Finding Vocabulary()
    {
        try
        {
            return Finding.Ok("vocabulary", $"CLIP, {ClipTokenizer.Default.VocabularySize} tokens, data/base-mini/tokenizer");
        }
        catch (BadInputException e)
        {
            return new Finding("vocabulary", Health.Missing, e.Message, "take data/base-mini/tokenizer from the repository again");
        }
    }

    private static Finding BaseModel()
    {
        var folder = Path.Combine(Checkout.Root, "data", "base-mini");
        const string Remedy = "take data/base-mini from the repository again, or make it with ./kit pretrain";
        if (!Directory.Exists(folder))
            return new Finding("base model", Health.Missing, "data/base-mini is not there", Remedy);
        var missing = Parts.Where(part => !Path.Exists(Path.Combine(folder, part))).ToList();
        return missing.Count == 0
            ? Finding.Ok("base model", $"data/base-mini, {Megabytes(folder):0.0} MB")
            : new Finding("base model", Health.Missing, $"data/base-mini lacks {string.Join(", ", missing)}", Remedy);
    }

    private static Finding Photos()
    {
        var folder = Path.Combine(Checkout.Root, "data", "sample-rabbit");
        var photos = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.png").Length : 0;
        return photos > 0
            ? Finding.Ok("sample photos", $"data/sample-rabbit, {photos} pictures")
            : new Finding("sample photos", Health.Missing, "data/sample-rabbit holds no picture",
                "take it from the repository again, or paint it with ./kit world --sample-rabbit data/sample-rabbit");
    }

    private static double Megabytes(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / 1e6;
}

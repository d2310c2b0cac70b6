using System.CommandLine;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Pipeline;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora info</c>: what a file is, and why it may have no effect.</summary>
internal static class InfoVerb
{
    public static Command Create()
    {
        var file = FileArgument();
        var model = BaseOption.Optional("tells what fits it and how strong the changes are against its weights");
        var prompt = new Option<string?>("--prompt")
        { Description = "the prompt it has no effect in: tells whether a trained word is in it" };
        var strict = StrictOption();
        var command = new Command("info",
            "Tell what a LoRA file is: base, rank, alpha, layers, words, strength, and why it may have no effect.") { file, model, prompt,
                strict };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var scope = NewDisposeScope();
            var lora = Read(parse.GetValue(file)!, parse.GetValue(strict));
            using var sd = parse.GetValue(model) is { } folder ? StableDiffusion.Load(folder) : null;
            if (sd is not null && parse.GetValue(strict))
                LoraNetwork.Attach(lora, sd.UNet, sd.TextEncoder, strict: true).Dispose();
            var info = LoraInfo.Of(lora, sd, parse.GetValue(prompt));
            return Answer(parse.GetValue(json), info, Lines(lora, info));
        });
        return command;
    }

    private static IEnumerable<string> Lines(LoraFile file, LoraInfo info)
    {
        yield return $"file       {file.Path}, {new FileInfo(file.Path).Length / 1e6:0.00} MB";
        yield return $"base       {info.BaseModel ?? "not told"}"
            + $"{(info.BaseHash is null ? "" : $" [{info.BaseHash[..Math.Min(10, info.BaseHash.Length)]}]")} ({info.Family})";
        yield return $"layers     {info.UNetModules} UNet, {info.TextModules} text encoder: {Counts(info.Kinds)}";
        yield return $"rank       {Counts(info.Ranks)}";
        yield return $"alpha      {Counts(info.Alphas)}";
        yield return Say($"parameters {info.Parameters:N0}");
        if (info.TriggerWords.Count > 0)
            yield return $"words      {string.Join(", ", info.TriggerWords.Take(8).Select(word => $"{word.Key} ({word.Value})"))}";
        if (info.Embeddings.Count > 0)
            yield return $"embeddings {string.Join(", ", info.Embeddings)}";
        foreach (var (key, value) in info.Notes)
            yield return $"{key} = {value}";
        foreach (var block in info.Blocks)
            yield return Say($"  {block.Block,-16} {block.Modules,4} layers  ‖ΔW‖ {block.Norm:0.###}")
                + (block.Relative is { } share ? Say($"  {share:P2} of ‖W‖") : "");
        foreach (var problem in info.Problems)
            yield return $"problem    {problem}";
        foreach (var reason in info.Diagnosis)
            yield return $"weak?      {reason}";
    }

    private static string Counts<T>(IReadOnlyDictionary<T, int> counts) =>
        counts.Count == 1 ? Say($"{counts.Keys.First()}")
            : string.Join(", ", counts.Select(count => Say($"{count.Key} ({count.Value} layers)")));
}

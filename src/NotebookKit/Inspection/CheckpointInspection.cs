using System.Globalization;
using NotebookKit.Checkpoints;
using NotebookKit.Pipeline.Ldm;
using static TorchSharp.torch;

namespace NotebookKit.Inspection;

/// <summary>A report on Stable Diffusion in a single file.</summary>
internal static class CheckpointInspection
{
    public static FileReport Of(WeightFile file, IProgress<double>? progress)
    {
        LdmCheckpoint? opened = null;
        IReadOnlyList<string> missing;
        try
        {
            opened = LdmCheckpoint.Open(file.Path);
            opened.RequireShapes();
            missing = ModuleShapes.Missing(opened);
        }
        catch (BadInputException e)
        {
            opened?.Dispose();
            return Refused(FileInspector.Start(file, CheckpointKinds.Of(file).InWords(), progress, out _), file, e.Message);
        }

        using var checkpoint = opened;
        var second = checkpoint.Kind == CheckpointKind.StableDiffusion2;
        var start = FileInspector.Start(file, checkpoint.Kind.InWords(), progress, out _);
        var (ignored, unmatched) = (checkpoint.Unmatched.Where(Known).ToList(), checkpoint.Unmatched.Where(name => !Known(name)).ToList());
        return start with
        {
            Base = checkpoint.UNetConfig.CrossAttentionDim switch
            {
                768 => "SD 1.x",
                1024 => "SD 2.x",
                var width => $"a model of its own, text states {width} wide"
            },
            KeysMatched = file.Weights.Count - checkpoint.Unmatched.Count + ignored.Count,
            KeysUnmatched = unmatched,
            KeysMissing = missing,
            Facts = new Dictionary<string, string>
            {
                ["UNet"] = $"{Count(checkpoint.UNet)} numbers, {checkpoint.UNetConfig.CrossAttentionDim} wide text",
                ["VAE"] = checkpoint.Vae.Weights.Count == 0 ? "none" : $"{Count(checkpoint.Vae)} "
                    + $"numbers{(checkpoint.VaePath == file.Path ? "" : $", from {Path.GetFileName(checkpoint.VaePath)}")}",
                ["text encoder"] = checkpoint.TextEncoder.Weights.Count == 0 ? "none"
                    : $"{Count(checkpoint.TextEncoder)} numbers, {checkpoint.TextConfig.NumHiddenLayers} layers",
                ["predicts"] = checkpoint.SchedulerConfig.PredictionType == "epsilon" ? "noise (epsilon)" : "velocity (v_prediction)",
            },
            Findings = [.. start.Findings, .. Findings(file, checkpoint, second, unmatched, missing)],
        };
    }

    // What can be told of a file that does not load, and why it does not.
    private static FileReport Refused(FileReport start, WeightFile file, string why) => start with
    {
        Base = CheckpointKinds.Context(file) is { } width ? $"a model with text states {width} wide" : null,
        Facts = new Dictionary<string, string>
        {
            ["UNet"] = $"{Below(file, LdmPrefixes.UNet)} tensors",
            ["VAE"] = $"{Below(file, LdmPrefixes.Vae)} tensors",
            ["text encoder"] = $"{Below(file, "cond_stage_model.")} tensors",
        }.ToDictionary(fact => fact.Key, fact => fact.Value == "0 tensors" ? "none" : fact.Value),
        Findings = [.. start.Findings, new Finding("It does not load.", why)],
    };

    private static int Below(WeightFile file, string prefix) =>
        file.Weights.Keys.Count(name => name.StartsWith(prefix, StringComparison.Ordinal));

    private static IEnumerable<Finding> Findings(WeightFile file, LdmCheckpoint checkpoint, bool second, List<string> unmatched,
        IReadOnlyList<string> missing)
    {
        if (checkpoint.Missing is { } whole)
            yield return new Finding("It is not whole.", whole);
        if (checkpoint.VaePath != file.Path)
            yield return new Finding($"A VAE lies beside it, {Path.GetFileName(checkpoint.VaePath)}, and is taken instead of its own.",
                "Rename that file where you don't want it.");
        var averaged = file.Weights.Values.Where(entry => entry.Name.StartsWith(LdmPrefixes.Ema, StringComparison.Ordinal))
            .Sum(entry => entry.ByteCount);
        if (CheckpointKinds.OnlyAveraged(file))
            yield return new Finding("Its UNet is there only as its averaged (EMA) copy.",
                "Nothing here: that copy is what draws; kit convert writes it under the names that other tools need.");
        else if (averaged > 0)
            yield return new Finding($"It carries the UNet's averaged (EMA) copy, {Megabytes(averaged)}, which drawing does not use.",
                "For drawing, kit convert writes it without; for training on, keep it.");
        var single = file.Weights.Values.Where(entry => entry.DType == ScalarType.Float32 && Known(entry.Name) is false)
            .Sum(entry => entry.ByteCount);
        if (single > 1 << 28)
            yield return new Finding("Its weights are in float32.",
                $"In float16 it draws the same and is {Megabytes(single / 2)} smaller; kit convert writes it so.");
        if (PositionIds(file) is { } wrong)
            yield return new Finding($"Its position_ids are {wrong}: merging models does that, and other tools then overlook words.",
                "Nothing here: they are put right on loading, and written right when it is saved again.");
        if (file.Weights.ContainsKey($"{LdmPrefixes.Clip}embeddings.token_embedding.weight"))
            yield return new Finding("Its text encoder has the names of old tools, without text_model.",
                "Nothing here: it is read all the same, and written with today's names.");
        if (second && !file.Metadata.ContainsKey("kit.scheduler") && !File.Exists(Path.ChangeExtension(file.Path, ".yaml")))
            yield return new Finding("A file of SD 2.x does not say whether it predicts noise or velocity; it is taken to predict "
                + $"{(checkpoint.SchedulerConfig.PredictionType == "epsilon" ? "noise" : "velocity")}.", "Where its pictures are noise, "
                    + $"put a {Path.GetFileNameWithoutExtension(file.Path)}.yaml beside it with the line parameterization: "
                    + $"\"{(checkpoint.SchedulerConfig.PredictionType == "epsilon" ? "v" : "eps")}\".");
        if (unmatched.Count > 0)
            yield return new Finding($"{unmatched.Count} tensors belong to nothing that is known, the first of them {unmatched[0]}.",
                "They are left out on loading; other tools do the same.");
        if (missing.Count > 0 && checkpoint.Missing is null)
            yield return new Finding($"{missing.Count} tensors are missing, the first of them {missing[0]}.",
                "It will not load; get the file again.");
    }

    // Tables and states of training, which every tool leaves out.
    private static bool Known(string name) =>
        !name.Contains('.', StringComparison.Ordinal)
        || name.StartsWith(LdmPrefixes.Ema, StringComparison.Ordinal)
        || name.StartsWith("first_stage_model.loss.", StringComparison.Ordinal)
        || name.StartsWith("cond_stage_model.model.", StringComparison.Ordinal);

    private static string? PositionIds(WeightFile file)
    {
        var entry = file.Weights.Values.FirstOrDefault(entry => entry.Name.StartsWith(LdmPrefixes.Clip, StringComparison.Ordinal)
            && entry.Name.EndsWith(".position_ids", StringComparison.Ordinal));
        if (entry is null || entry.ElementCount > 1 << 16)
            return null;
        using var scope = NewDisposeScope();
        var values = file.Read(entry.Name).to(ScalarType.Float64).view(-1);
        var wrong = values.ne(arange(entry.ElementCount, ScalarType.Float64)).sum().item<long>();
        return wrong > 0 ? $"damaged, {wrong} of {entry.ElementCount} are wrong" : entry.DType == ScalarType.Int64 ? null
            : $"stored as {SafetensorsTypes.NameOf(entry.DType)} instead of I64";
    }

    private static string Count(WeightFile part) =>
        part.Weights.Values.Where(entry => entry.DType != ScalarType.Int64).Sum(entry => entry.ElementCount).ToString("N0",
            CultureInfo.InvariantCulture);

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB");
}

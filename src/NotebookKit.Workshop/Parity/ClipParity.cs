using System.Text.Json.Nodes;
using NotebookKit.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Workshop.Parity;

/// <summary>Text encoders: states of every layer, pooled states, "CLIP skip", gradients.</summary>
internal sealed class ClipParity : ParityArea
{
    public override string Name => "clip";

    public override bool RunsNetworks => true;

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var (name, reference, outputs) in WithOutputs(folder, report))
        {
            foreach (var tag in outputs.Keys.Where(key => key.EndsWith(".input_ids", StringComparison.Ordinal))
                .Select(key => key[..^".input_ids".Length]))
                report.Run(Name, $"{name}.{tag}", m => Outputs(m, folder, reference, outputs, tag));
            if (folder.Has($"{name}.grads.safetensors"))
                report.Run(Name, $"{name}.grads", m => Gradients(m, folder, reference, outputs));
        }
    }

    private static CLIPTextModel Load(ReferenceFolder folder, JsonObject reference) =>
        ModelCases.Load(folder, reference, json => new CLIPTextModel(CLIPTextConfig.Parse(json)));

    private static void Outputs(Measurement measurement, ReferenceFolder folder, JsonObject reference, Dictionary<string, Tensor> outputs,
        string tag)
    {
        using var model = Load(folder, reference);
        using var noGrad = no_grad();
        var tolerance = Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "outputs"));
        var result = model.TextModel.call(outputs[$"{tag}.input_ids"], outputs.GetValueOrDefault($"{tag}.attention_mask"));
        foreach (var (key, expected) in outputs.Where(pair => pair.Key.StartsWith(tag + ".", StringComparison.Ordinal)))
        {
            var kind = key[(tag.Length + 1)..];
            var actual = kind switch
            {
                "last_hidden_state" => result.LastHiddenState,
                "pooler_output" => result.PoolerOutput,
                _ when Suffix(kind, "hidden_states.") is { } layer && layer < result.HiddenStates.Count => result.HiddenStates[layer],
                _ when Suffix(kind, "clip_skip_") is { } skip => model.Skip(result, skip),
                _ => null,
            };
            if (actual is not null)
                measurement.Add(kind, actual, expected, tolerance);
            else if (kind is not ("input_ids" or "attention_mask"))
                measurement.Add($"{kind}: no such output", double.NaN, 0);
        }
    }

    private static void Gradients(Measurement measurement, ReferenceFolder folder, JsonObject reference, Dictionary<string, Tensor> outputs)
    {
        using var model = Load(folder, reference);
        var expected = folder.Load($"{(string?)reference["name"]}.grads.safetensors");
        var loss = functional.mse_loss(model.call(outputs["padded.input_ids"]).LastHiddenState, expected["target"]);
        loss.backward();
        measurement.Add("loss", loss.view(1), expected["loss"], Tolerance.ForOutput(ModelCases.ToleranceOf(folder, reference, "outputs")));
        ModelCases.AddGradients(measurement, model, expected, ModelCases.ToleranceOf(folder, reference, "grads"));
    }

    private static int? Suffix(string text, string prefix) =>
        text.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(text.AsSpan(prefix.Length), out var number) ? number : null;
}

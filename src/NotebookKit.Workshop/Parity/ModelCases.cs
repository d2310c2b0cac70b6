using System.Text.Json.Nodes;
using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Workshop.Parity;

/// <summary>What the areas of the three networks share.</summary>
internal static class ModelCases
{
    /// <summary>The sentence of a case's tolerance, or the manifest's own.</summary>
    public static string? ToleranceOf(ReferenceFolder folder, JsonObject reference, string kind) =>
        (reference["tolerance"] ?? folder.Manifest["tolerance"]) switch
        {
            JsonObject kinds => (string?)kinds[kind],
            JsonValue sentence => (string?)sentence,
            _ => null,
        };

    /// <summary>Loads a case's weights into a fresh network.</summary>
    public static T Load<T>(ReferenceFolder folder, JsonObject reference, Func<string, T> make, string? weights = null) where T : Module
    {
        var model = make(reference["config"]?.ToJsonString()
            ?? throw new BadInputException($"The case {reference["name"]} has no config."));
        PretrainedWeights.Fill(model,
            folder.PathOf(weights ?? (string?)reference["weights"] ?? $"{(string?)reference["name"]}.weights.safetensors"));
        model.eval();
        return model.to(folder.Device);
    }

    /// <summary>Compares the gradients of a network's parameters with those of a file, whose keys begin with <c>grad.</c>.</summary>
    public static void AddGradients(Measurement measurement, Module model, Dictionary<string, Tensor> references, string? sentence)
    {
        var tolerance = Tolerance.ForGradient(sentence);
        var gradients = references.Where(pair => pair.Key.StartsWith("grad", StringComparison.Ordinal)).ToList();
        var largestOfAll = gradients.Max(pair => pair.Value.abs().max().item<float>());
        var parameters = model.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);
        foreach (var (key, expected) in gradients.Where(pair => pair.Key.StartsWith("grad.", StringComparison.Ordinal)))
        {
            if (!parameters.TryGetValue(key["grad.".Length..], out var parameter) || parameter.grad is not { } actual)
                measurement.Add($"{key}: no such gradient", double.NaN, 0);
            else
                measurement.Add(key, actual, expected, largest => tolerance(largest, largestOfAll));
        }
    }

    /// <summary>Remembers what the named modules put out, until disposed.</summary>
    public static IDisposable Record(Module model, IEnumerable<string> names, Dictionary<string, Tensor> outputs)
    {
        var modules = model.named_modules().ToDictionary(pair => pair.name, pair => pair.module);
        var hooks = new HookList();
        foreach (var name in names)
        {
            if (modules.TryGetValue(name, out var module))
                hooks.Add(Attach(module, output => outputs[name] = output.detach().clone().DetachFromDisposeScope()));
        }

        return hooks;
    }

    private static Action Attach(Module module, Action<Tensor> record)
    {
        switch (module)
        {
            case Module<Tensor, Tensor> one:
                return one.register_forward_hook((_, _, output) => Kept(output)).remove;
            case Module<Tensor, Tensor, Tensor> two:
                return two.register_forward_hook((_, _, _, output) => Kept(output)).remove;
            case Module<Tensor, Tensor, Tensor, Tensor> three:
                return three.register_forward_hook((_, _, _, _, output) => Kept(output)).remove;
            case UNetUpBlock up:
                return up.register_forward_hook((_, _, _, _, _, output) => Kept(output)).remove;
            case UNetDownBlock down:
                return down.register_forward_hook((_, _, _, _, outputs) =>
                {
                    record(outputs[^1]);
                    return outputs;
                }).remove;
            default:
                return () => { };
        }

        Tensor Kept(Tensor output)
        {
            record(output);
            return output;
        }
    }

    private sealed class HookList : IDisposable
    {
        private readonly List<Action> _removals = [];

        public void Add(Action removal) => _removals.Add(removal);

        public void Dispose() => _removals.ForEach(remove => remove());
    }
}

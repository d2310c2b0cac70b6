using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>Knows how to run the cases of one area of reference data.</summary>
internal abstract class ParityArea
{
    /// <summary>Every area that can be run.</summary>
    public static IReadOnlyList<ParityArea> All { get; } =
        [new ClipParity(), new ConvertParity(), new ImagesParity(), new LoraParity(), new SafetensorsParity(), new SchedulersParity(),
            new TokenizerParity(), new TrainingParity(), new UNetParity(), new VaeParity()];

    /// <summary>The area's name in the manifest.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it runs networks, which may be on a GPU; everything else is the host's work.</summary>
    public virtual bool RunsNetworks => false;

    /// <summary>Runs every case of a folder.</summary>
    /// <param name="folder">The reference data.</param>
    /// <param name="report">Takes the verdicts.</param>
    public abstract void Run(ReferenceFolder folder, ParityReport report);

    /// <summary>The cases that come with outputs, each in a scope of its own; those without are told as skipped.</summary>
    private protected IEnumerable<(string Name, JsonObject Reference, Dictionary<string, Tensor> Outputs)> WithOutputs(
        ReferenceFolder folder, ParityReport report)
    {
        foreach (var reference in folder.Cases)
        {
            var name = (string?)reference["name"] ?? "?";
            var file = $"{name}.outputs.safetensors";
            if (!folder.Has(file))
            {
                report.Skip(Name, name, $"it has no {file}");
                continue;
            }

            using var scope = NewDisposeScope();
            yield return (name, reference, folder.Load(file));
        }
    }
}

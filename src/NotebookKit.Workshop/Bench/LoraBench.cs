using System.Diagnostics;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>One kind of forward pass.</summary>
/// <param name="What">The bare UNet, with a LoRA attached, or with it merged.</param>
/// <param name="Layers">Adapted layers.</param>
/// <param name="Milliseconds">Median of the wall clock.</param>
/// <param name="CpuMilliseconds">Median of the process's CPU time over all threads, steadier on a busy machine.</param>
/// <param name="Overhead">CPU time against the bare pass of the same round, 0.1 for a tenth more: median over the rounds.</param>
internal sealed record LoraPass(string What, int Layers, double Milliseconds, double CpuMilliseconds, double Overhead);

/// <summary>
/// Measures what a LoRA costs while sampling: once for each change of a multiplier, and in every step after it.
/// </summary>
internal static class LoraBench
{
    public static IReadOnlyList<LoraPass> Run(StableDiffusion sd, int rank, int rounds, int batch)
    {
        if (rounds < 3 || batch < 1)
            throw new BadInputException("--rounds must be at least 3 and --batch at least 1.");
        using var grad = no_grad();
        using var random = new Generator(1);
        var side = sd.UNet.Config.SampleSize ?? 64;
        using var latents = randn([batch, sd.UNet.Config.InChannels, side, side], generator: random).to(sd.Device);
        using var context = randn([batch, 77, sd.UNet.Config.CrossAttentionDim], generator: random).to(sd.Device);
        using var time = tensor(new[] { 500f }, device: sd.Device);
        var networks = new[] { LoraTargets.Attention, LoraTargets.Kohya,
            LoraTargets.Locon }.Select(targets => (Targets: targets, Network: Trained(sd, rank, targets))).ToList();
        using var merged = StableDiffusion.Load(sd.Folder, sd.Device);
        using (var network = Trained(merged, rank, LoraTargets.Locon))
            network.Merge();
        var kinds = new List<(string What, int Layers, UNet2DConditionModel UNet, Action Prepare)> { ("bare", 0, sd.UNet, () => { }) };
        kinds.AddRange(networks.Select(entry => ($"{entry.Targets}, rank {rank}, attached", entry.Network.Adapters.Count(), sd.UNet,
            (Action)(() => entry.Network.Multiplier = 1))));
        kinds.Add(($"locon, rank {rank}, merged", 0, merged.UNet, () => { }));
        kinds.Add(($"locon, rank {rank}, attached, a pass outside of a sampling", networks[^1].Network.Adapters.Count(), sd.UNet,
            () => networks[^1].Network.Multiplier = 1));
        var times = kinds.Select(_ => (Wall: new List<double>(), Cpu: new List<double>())).ToList();
        for (var round = -3; round < rounds; round++) // three to warm up
        {
            for (var kind = 0; kind < kinds.Count; kind++) // in turn, so that a busy moment meets all of them
            {
                networks.ForEach(entry => entry.Network.Multiplier = 0);
                kinds[kind].Prepare();
                // A sampling adds adapters up once for its many passes.
                using var folded = kind < kinds.Count - 1 ? FoldedWeights.Fold(kinds[kind].UNet) : null;
                Measure(kinds[kind].UNet, times[kind], round >= 0);
            }
        }

        networks.ForEach(entry => entry.Network.Dispose());
        return [.. kinds.Select((kind, i) => new LoraPass(kind.What, kind.Layers, Median(times[i].Wall), Median(times[i].Cpu),
            Median(times[i].Cpu.Zip(times[0].Cpu, (mine, reference) => mine / reference)) - 1))];

        void Measure(UNet2DConditionModel unet, (List<double> Wall, List<double> Cpu) into, bool counts)
        {
            var (cpu, start) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            using (NewDisposeScope())
                unet.call(latents, time, context);
            var wall = Stopwatch.GetElapsedTime(start);
            if (!counts)
                return;
            into.Wall.Add(wall.TotalMilliseconds);
            into.Cpu.Add((Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds);
        }
    }

    private static LoraNetwork Trained(StableDiffusion sd, int rank, LoraTargets targets)
    {
        var network = LoraNetwork.Inject(sd.UNet, null, new LoraOptions { Rank = rank, Targets = targets });
        foreach (var (_, layer) in network.Layers)
            layer.Up.normal_(0, 0.01);
        return network;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}

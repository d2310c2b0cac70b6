using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>
/// Training: short DreamBooth runs on given latents, noise and timesteps, full and LoRA, through the trainer's own step;
/// learning-rate schedules; the noise levels' signal-to-noise ratios.
/// </summary>
internal sealed partial class TrainingParity : ParityArea
{
    private static readonly string[] KnownSettings = ["lr", "clip", "warmup", "accum", "pred", "gamma", "prior_loss_weight"];

    public override string Name => "training";

    public override bool RunsNetworks => true;

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        using var scope = NewDisposeScope();
        foreach (var reference in folder.Cases)
        {
            var name = (string?)reference["name"] ?? "?";
            if (reference["scheduler"] is not null)
                Schedule(folder, report, reference, name);
            else if ((reference["settings"] as JsonObject ?? []).Select(pair => pair.Key).Except(KnownSettings)
                .FirstOrDefault() is { } unknown)
                report.Skip(Name, name, $"the setting {unknown} is unknown");
            else if (!folder.Has($"{name}.log.json") || !folder.Has("data.safetensors"))
                report.Skip(Name, name, $"{name}.log.json or data.safetensors is missing");
            else
                report.Run(Name, name, m => Training(m, folder, reference, name));
        }

        if (folder.Has("snr_weights.safetensors"))
            SignalToNoise(folder, report);
        PromptWeights.Run(Name, folder, report);
    }

    // Tables over the timesteps 0 to 999. The weights that other tools offer besides are theirs.
    private void SignalToNoise(ReferenceFolder folder, ParityReport report)
    {
        var tables = folder.Load("snr_weights.safetensors");
        var share = Tolerance.After((string?)folder.Manifest["tolerance"]!["snr"], "");
        var rescaled = new NoiseSchedule(new SchedulerConfig { RescaleBetasZeroSnr = true });
        report.Run(Name, "snr", m =>
        {
            foreach (var (key, expected) in tables)
            {
                using var noising = new DDPMScheduler(new SchedulerConfig
                { PredictionType = key.EndsWith("v_prediction", StringComparison.Ordinal) ? "v_prediction" : "epsilon" });
                var actual = key switch
                {
                    "snr" => noising.AlphasCumprod / (1 - noising.AlphasCumprod),
                    "kohya_zero_terminal_snr.alphas_cumprod" => tensor(rescaled.AlphasCumprod.ToArray()),
                    "kohya_zero_terminal_snr.betas" => tensor(rescaled.Betas.ToArray()),
                    _ when Gamma().Match(key) is { Success: true } match =>
                        DenoisingLoss.MinSnr(noising, arange(1000, ScalarType.Int64),
                            double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)),
                    _ => null,
                };
                if (actual is not null)
                    m.AddRelative(key, actual, expected, share, 1e-7);
            }
        });
    }

    [GeneratedRegex(@"^gamma([\d.]+)\.(?:kohya_)?(?:epsilon|v_prediction)$")]
    private static partial Regex Gamma();

    private void Schedule(ReferenceFolder folder, ParityReport report, JsonObject reference, string name)
    {
        var type = (string)reference["scheduler"]!;
        if (!LrSchedule.Names.Contains(type) || !folder.Has("lr.safetensors"))
        {
            report.Skip(Name, name, LrSchedule.Names.Contains(type) ? "lr.safetensors is missing"
                : $"{type} is not among the kit's schedules");
            return;
        }

        report.Run(Name, name, m =>
        {
            var args = reference["args"] as JsonObject;
            var schedule = new LrSchedule(type, (double)reference["base_lr"]!, (int)reference["warmup"]!, (int)reference["total"]!)
            {
                Cycles = (int?)args?["num_cycles"] ?? 1,
                Power = (double?)args?["power"] ?? 1,
                End = (double?)args?["lr_end"] ?? 1e-7,
                StepRules = (string?)args?["step_rules"] ?? "1",
            };
            var expected = folder.Load("lr.safetensors")[name["lr:".Length..]];
            var rates = Enumerable.Range(0, (int)expected.shape[0]).Select(schedule.At).ToArray();
            m.AddRelative("lr", tensor(rates), expected, Tolerance.After((string?)folder.Manifest["tolerance"]!["lr"], ""), 1e-30);
        });
    }

    private static void Training(Measurement measurement, ReferenceFolder folder, JsonObject reference, string name)
    {
        var settings = reference["settings"] as JsonObject ?? [];
        using var unet = SiblingModels.UNet(folder);
        var lora = folder.Has($"{name}.init.safetensors");
        foreach (var parameter in unet.parameters())
            parameter.requires_grad_(!lora);
        using var network = lora ? LoraNetwork.Load(folder.PathOf($"{name}.init.safetensors"), unet, null) : null;
        foreach (var parameter in network?.Parameters ?? [])
            parameter.requires_grad_(true);
        var trained = (network?.Parameters ?? unet.parameters()).ToList();

        var lr = (double?)settings["lr"] ?? (double?)folder.Manifest["optimizer"]?["lr"] ?? 1e-4;
        var options = OptionsOf(folder, reference, settings);
        var config = new SchedulerConfig { PredictionType = (string?)settings["pred"] ?? "epsilon" };
        var betas = (folder.Manifest["optimizer"]?["betas"] as JsonArray)?.Select(beta => (double)beta!).ToArray() ?? [0.9, 0.999];
        using var optimizer = new AdamW([new(trained, lr, (double?)folder.Manifest["optimizer"]?["weight_decay"] ?? 0.01)], betas[0],
            betas[1], (double?)folder.Manifest["optimizer"]?["eps"] ?? 1e-8);
        var steps = (JsonArray)folder.LoadJson($"{name}.log.json")["log"]!;
        using var step = new TrainStep(unet, config, optimizer,
            new LrSchedule("constant_with_warmup", lr, (int?)settings["warmup"] ?? 0, steps.Count), options);

        var noise = reference["noise"];
        var tolerance = folder.Manifest["tolerance"];
        var lossShare = Tolerance.ForRun((string?)tolerance?["loss"], (double?)noise?["loss_rel"] ?? 0);
        var normShare = Tolerance.ForRun((string?)tolerance?["grad_norm"], (double?)noise?["grad_norm_rel"] ?? 0);
        var data = folder.Load("data.safetensors");
        var next = 0;
        var instances = (int)data["latents"].shape[1] / 2; // first half of the batch, then as many class images
        foreach (var want in steps)
        {
            var batches = Enumerable.Range(next, options.Intervals.GradientAccumulation)
                .Select(i => new TrainBatch(data["latents"][i], data["noise"][i], data["timesteps"][i], data["context"][i], instances))
                .ToList();
            next += batches.Count;
            foreach (var batch in batches)
                step.Accumulate(batch, batches.Sum(each => each.Instances), batches.Sum(each => each.Classes));
            var got = step.Update(1);
            Compare($"lr of step {got.Step}", got.LearningRate, "lr", 1e-12);
            Compare($"loss of step {got.Step}", got.Loss, "loss", lossShare);
            Compare($"instance loss of step {got.Step}", got.InstanceLoss, "instance_loss", lossShare);
            Compare($"prior loss of step {got.Step}", got.PriorLoss ?? double.NaN, "prior_loss", lossShare);
            Compare($"gradient norm of step {got.Step}", got.GradNorm, "grad_norm", normShare);

            void Compare(string what, double value, string field, double share)
            {
                if ((double?)want![field] is { } expected)
                    measurement.Add(what, Math.Abs(value - expected), share * Math.Abs(expected));
            }
        }

        if (folder.Has($"{name}.final.safetensors"))
            FinalWeights(measurement, folder, reference, name, unet, network);
    }

    private static TrainOptions OptionsOf(ReferenceFolder folder, JsonObject reference, JsonObject settings) => new()
    {
        Loss = new()
        {
            PriorLossWeight = (double?)settings["prior_loss_weight"] ?? (double?)reference["prior_loss_weight"]
                ?? (double?)folder.Manifest["prior_loss_weight"] ?? 0.3,
            SnrGamma = (double?)settings["gamma"]
        },
        Learning = new() { MaxGradNorm = (double?)settings["clip"] ?? 0 },
        Intervals = new() { GradientAccumulation = (int?)settings["accum"] ?? 1 },
    };

    // The length of the error against the length of the whole update: a single weight whose gradient is nearly zero may
    // go either way, because Adam makes a full step of noise.
    private static void FinalWeights(Measurement measurement, ReferenceFolder folder, JsonObject reference, string name,
        UNet2DConditionModel unet, LoraNetwork? network)
    {
        var initial = network is null ? SiblingModels.UNet(folder).state_dict().ToDictionary() : folder.Load($"{name}.init.safetensors");
        var trained = network is null
            ? unet.state_dict().ToDictionary()
            : network.Layers.SelectMany(layer => new[] { ($"{layer.Name}.lora_down.weight", layer.Layer.Down),
                ($"{layer.Name}.lora_up.weight", layer.Layer.Up) }).ToDictionary(pair => pair.Item1, pair => (Tensor)pair.Item2);
        double update = 0, error = 0;
        foreach (var (key, want) in folder.Load($"{name}.final.safetensors").Where(pair => trained.ContainsKey(pair.Key)))
        {
            update += (want - initial[key]).square().sum().item<float>();
            error += (want - trained[key].detach()).square().sum().item<float>();
        }

        var share = Tolerance.ForRun((string?)folder.Manifest["tolerance"]?["weights"], (double?)reference["final_update_rel_l2_all"] ?? 0);
        measurement.Add("final weights", Math.Sqrt(error / update), share);
    }
}

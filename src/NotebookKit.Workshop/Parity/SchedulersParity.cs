using System.Text.Json.Nodes;
using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>Samplers: their timesteps, noise levels and whole trajectories with made-up models, and the noise tables.</summary>
internal sealed class SchedulersParity : ParityArea
{
    public override string Name => "schedulers";

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var reference in folder.Cases)
            Trajectories(folder, reference, report);
        if (folder.Has("tables.safetensors"))
            NoiseTables(folder, report);
        if (folder.Has("timesteps.json"))
            TimestepTables(folder, report);
    }

    private void Trajectories(ReferenceFolder folder, JsonObject reference, ParityReport report)
    {
        var name = (string?)reference["name"] ?? "?";
        var type = (string?)reference["scheduler"] ?? "?";
        if (Known(type) is null || !folder.Has($"{name}.safetensors") || !folder.Has("inputs.safetensors"))
        {
            report.Skip(Name, name, Known(type) is null ? $"{type} is not among the kit's samplers"
                : $"{name}.safetensors or inputs.safetensors is missing");
            return;
        }

        using var scope = NewDisposeScope();
        var expected = folder.Load($"{name}.safetensors");
        var inputs = folder.Load("inputs.safetensors");
        foreach (var run in (reference["runs"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var label = (string?)run["run"] ?? "?";
            if (run["skipped"] is not null)
                report.Run(Name, $"{name}.{label}", m => WithoutReference(m, reference, label, inputs));
            else
                report.Run(Name, $"{name}.{label}", m => Trajectory(m, folder, reference, run, label, expected, inputs));
        }
    }

    private static void Trajectory(
        Measurement measurement, ReferenceFolder folder, JsonObject reference, JsonObject run, string label,
        Dictionary<string, Tensor> expected, Dictionary<string, Tensor> inputs)
    {
        var (prediction, steps, fake) = Parts(label);
        using var noGrad = no_grad();
        var scheduler = Make(reference, prediction);
        scheduler.SetTimesteps(steps);
        Tables(measurement, folder, scheduler, steps, expected);

        var share = Tolerance.ForRun((string?)folder.Manifest["tolerance"], (double?)run["f32_vs_f64_rel"] ?? 0);
        var rows = expected[$"{label}.trajectory"];
        var sample = inputs["x0"] * scheduler.InitNoiseSigma;
        var drawn = 0L;
        for (var i = 0; i <= scheduler.Timesteps.Length; i++)
        {
            measurement.Add($"row {i}", sample.view(rows[i].shape), rows[i], largest => share * largest);
            if (i == scheduler.Timesteps.Length)
                break;
            var t = scheduler.Timesteps[i];
            var output = FakeModel(fake, scheduler.ScaleModelInput(sample, t), t);
            sample = scheduler.Step(output, t, sample, scheduler.DrawsNoise(t) ? inputs["noise"][drawn++] : null);
        }
    }

    // Where the reference itself is not finite (the noise of pure noise divided by nothing), the kit refuses, or stays finite.
    private static void WithoutReference(Measurement measurement, JsonObject reference, string label, Dictionary<string, Tensor> inputs)
    {
        var (prediction, steps, fake) = Parts(label);
        using var noGrad = no_grad();
        Scheduler scheduler;
        try
        {
            scheduler = Make(reference, prediction);
            scheduler.SetTimesteps(steps);
        }
        catch (BadInputException)
        {
            measurement.Add("refused", 0, 0);
            return;
        }

        var sample = inputs["x0"] * scheduler.InitNoiseSigma;
        var drawn = 0L;
        foreach (var t in scheduler.Timesteps)
            sample = scheduler.Step(FakeModel(fake, scheduler.ScaleModelInput(sample, t), t), t, sample,
                scheduler.DrawsNoise(t) ? inputs["noise"][drawn++] : null);
        measurement.Add("finite", sample.isfinite().all().item<bool>() ? 0 : double.NaN, 0);
    }

    private static (string Prediction, int Steps, string Fake) Parts(string label) =>
        label.Split('.') is [var prediction, var steps, var fake] && int.TryParse(steps, out var count)
            ? (prediction, count, fake)
            : throw new BadInputException($"The run '{label}' is not called <prediction>.<steps>.<fake model>.");

    private static void Tables(Measurement measurement, ReferenceFolder folder, Scheduler scheduler, int steps,
        Dictionary<string, Tensor> expected)
    {
        if (expected.TryGetValue($"timesteps.{steps}", out var timesteps))
        {
            // Whole timesteps are exact; broken ones come out of logarithms, whose last float32 digit differs by library
            // and which rise by 0.003 a timestep where they rise least.
            var logarithms = scheduler is MidpointScheduler || scheduler.Config.UseKarrasSigmas;
            var whole = timesteps.dtype == ScalarType.Int64 || (!logarithms && timesteps.eq(timesteps.round()).all().item<bool>());
            measurement.AddRelative("timesteps", tensor(scheduler.Timesteps), timesteps, whole ? 0 : 1e-6, whole ? 1e-12 : 5e-5);
        }

        if (expected.TryGetValue($"sigmas.{steps}", out var sigmas) && scheduler is SigmaScheduler levels)
            measurement.AddRelative("sigmas", tensor(levels.Sigmas), sigmas,
                Tolerance.After((string?)folder.Manifest["tolerance"], "sigmas"), 1e-7);
    }

    private static Tensor FakeModel(string name, Tensor x, double t) => name switch
    {
        "linear" => x * (t / (t + 1)),
        "sine" => (x * 2 + 0.01 * t).sin() * 0.5 + x * 0.1,
        _ => throw new BadInputException($"The fake model '{name}' is unknown; known are linear and sine."),
    };

    private static Scheduler Make(JsonObject reference, string prediction)
    {
        var config = SchedulerConfig.Parse(reference["config"]!.ToJsonString()) with { PredictionType = prediction };
        var scheduler = Scheduler.Create((string)reference["scheduler"]!, config);
        foreach (var (key, node) in reference["step_kwargs"] as JsonObject ?? [])
            SetStepOption(scheduler, key, node);
        return scheduler;
    }

    private static void SetStepOption(Scheduler scheduler, string key, JsonNode? value)
    {
        switch (scheduler, key)
        {
            case (DDIMScheduler ddim, "eta"):
                ddim.Eta = (double)value!;
                break;
            case (DDIMScheduler ddim, "use_clipped_model_output"):
                ddim.UseClippedModelOutput = (bool)value!;
                break;
            case (LMSDiscreteScheduler lms, "order"):
                lms.Order = (int)value!;
                break;
            case (EulerDiscreteScheduler euler, "s_churn"):
                euler.SChurn = (double)value!;
                break;
            case (EulerDiscreteScheduler euler, "s_tmin"):
                euler.STMin = (double)value!;
                break;
            case (EulerDiscreteScheduler euler, "s_tmax"):
                euler.STMax = (double)value!;
                break;
            case (EulerDiscreteScheduler euler, "s_noise"):
                euler.SNoise = (double)value!;
                break;
            default:
                throw new BadInputException($"{scheduler.GetType().Name} has no step option '{key}'.");
        }
    }

    private void NoiseTables(ReferenceFolder folder, ParityReport report)
    {
        using var scope = NewDisposeScope();
        var tables = folder.Load("tables.safetensors");
        var config = SchedulerConfig.Parse(folder.Manifest["base_config"]?.ToJsonString() ?? "{}");
        var relative = Tolerance.After((string?)folder.Manifest["tolerance"], "alphas_cumprod");
        foreach (var (key, expected) in tables)
        {
            SchedulerConfig? table = key switch
            {
                "betas" or "alphas_cumprod" => config,
                "alphas_cumprod.zero_snr" => config with { RescaleBetasZeroSnr = true },
                _ when key.StartsWith("alphas_cumprod.",
                    StringComparison.Ordinal) => config with { BetaSchedule = key["alphas_cumprod.".Length..] },
                "final_alpha_cumprod.set_alpha_to_one_false" => config with { SetAlphaToOne = false },
                _ => null,
            };
            if (table is not null)
                report.Run(Name, $"tables.{key}", m => m.AddRelative(key, Table(key, table), expected, relative, 1e-7));
            else if (key is "add_noise" or "velocity")
                report.Run(Name, $"tables.{key}", m => Noised(m, key, new DDPMScheduler(config), tables));
            else if (key.StartsWith("add_noise.", StringComparison.Ordinal) && !key.EndsWith(".t", StringComparison.Ordinal))
                SigmaNoised(report, key, config, tables);
        }
    }

    private static Tensor Table(string key, SchedulerConfig config)
    {
        var schedule = new NoiseSchedule(config);
        return tensor(key switch
        {
            "betas" => [.. schedule.Betas],
            "final_alpha_cumprod.set_alpha_to_one_false" => [schedule.AlphasCumprod[0]],
            _ => schedule.AlphasCumprod.ToArray(),
        });
    }

    private static void Noised(Measurement measurement, string key, Scheduler scheduler, Dictionary<string, Tensor> tables)
    {
        var actual = key == "velocity"
            ? scheduler.GetVelocity(tables["x0"], tables["noise"], tables["t"])
            : scheduler.AddNoise(tables["x0"], tables["noise"], tables["t"]);
        measurement.Add(key, actual, tables[key], largest => 1e-6 * largest);
    }

    private void SigmaNoised(ParityReport report, string key, SchedulerConfig config, Dictionary<string, Tensor> tables)
    {
        var type = key["add_noise.".Length..];
        if (Known(type) is null)
        {
            report.Skip(Name, $"tables.{key}", $"{type} is not among the kit's samplers");
            return;
        }

        report.Run(Name, $"tables.{key}", m =>
        {
            var scheduler = Scheduler.Create(type, config);
            scheduler.SetTimesteps(20);
            var t = tables[$"{key}.t"];
            var actual = scheduler.AddNoise(tables["x0"].narrow(0, 0, t.shape[0]), tables["noise"].narrow(0, 0, t.shape[0]), t);
            m.Add(key, actual, tables[key], largest => 1e-6 * largest);
        });
    }

    private void TimestepTables(ReferenceFolder folder, ParityReport report)
    {
        var config = SchedulerConfig.Parse(folder.Manifest["base_config"]?.ToJsonString() ?? "{}");
        var tables = (JsonObject)folder.LoadJson("timesteps.json");
        foreach (var group in tables.GroupBy(pair => pair.Key[..pair.Key.LastIndexOf('.')]))
        {
            // Keys are <sampler>.<spacing>.<steps>.
            var (sampler, spacing) = (group.Key[..group.Key.IndexOf('.', StringComparison.Ordinal)],
                group.Key[(group.Key.IndexOf('.', StringComparison.Ordinal) + 1)..]);
            if ((Known(sampler + "Scheduler") ?? Known(sampler + "DiscreteScheduler")
                ?? Known(sampler + "MultistepScheduler")) is not { } type)
            {
                report.Skip(Name, $"timesteps.{group.Key}", $"{sampler} is not among the kit's samplers");
                continue;
            }

            report.Run(Name, $"timesteps.{group.Key}", m =>
            {
                var scheduler = Scheduler.Create(type, config with { TimestepSpacing = spacing });
                foreach (var (key, node) in group)
                {
                    scheduler.SetTimesteps(int.Parse(key.AsSpan(key.LastIndexOf('.') + 1),
                        System.Globalization.CultureInfo.InvariantCulture));
                    var expected = ((JsonArray)node!).Select(value => (double)value!).ToArray();
                    // Those between two steps come out of logarithms.
                    m.Add(key, tensor(scheduler.Timesteps), tensor(expected), _ => scheduler is MidpointScheduler ? 1e-3 : 0);
                }
            });
        }
    }

    private static string? Known(string type)
    {
        try
        {
            return Scheduler.Create(type, new SchedulerConfig()) is { } scheduler ? scheduler.GetType().Name : null;
        }
        catch (BadInputException)
        {
            return null;
        }
    }
}

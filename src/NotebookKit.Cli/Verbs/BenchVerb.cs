using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using NotebookKit.Workshop.Bench;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit bench</c>: how fast this machine is at what the kit does. <c>bench/README.md</c> compares with Python.</summary>
internal static class BenchVerb
{
    /// <summary>The verb with its subjects.</summary>
    public static Command Create() => new("bench",
        "Measure a training step, small operations, sampling, loading, the studio, or a model of SD 1.5's size on this machine.")
    {
        Step(),
        Ops(),
        Sample(),
        Lora(),
        Sd15(),
        Load(),
        Memory(),
        Gpu(),
        Kernel(),
        Kills(),
        BenchStudio.Create(),
    };

    private static Command Kills()
    {
        var folder = BaseOption.Create();
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 200, Description = "how many kills" };
        var seed = new Option<int>("--seed") { Description = "decides their moments" };
        var pictures = new Option<string>("--pictures-dir")
        {
            DefaultValueFactory = _ => "data/sample-rabbit",
            Description = "pictures to train on"
        };
        var command = new Command("kills", "End trainings, merges and conversions with SIGKILL at random moments, let them go on, and look "
            + "whether anything is lost.") { folder, rounds, seed, pictures };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var kills = new KillRounds([.. KernelVerb.Program().Take(2)], parse.GetValue(folder)!, parse.GetValue(pictures)!,
                parse.GetValue(seed));
            var figures = kills.Run(parse.GetValue(rounds), Console.Error.WriteLine);
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(figures, Verb.Json)
                : $"{figures.Kills} kills, {figures.AfterEnd} of them when all was done; {figures.Ends} pieces of work came to their "
                    + $"end; {figures.Losses.Count} losses");
            return figures.Losses.Count == 0 ? 0 : Verb.Failed;
        });
        return command;
    }

    private static Command Kernel()
    {
        var cells = new Option<int>("--cells") { DefaultValueFactory = _ => 1000, Description = "one-line cells to run" };
        var command = new Command("kernel", "The Jupyter kernel as a front end feels it: start, cells, memory, interrupts.") { cells };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var figures = KernelBench.Run(KernelVerb.Program(), parse.GetValue(cells));
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(figures, Verb.Json)
                : string.Create(CultureInfo.InvariantCulture, $"ready {figures.ReadySeconds:F2} s, first cell "
                    + $"{figures.FirstCellSeconds:F2} s, then {figures.CellMilliseconds:F0} ms a cell; {figures.IdleBytes >> 20} MB idle, "
                    + $"{figures.GrowthBytes >> 20} MB more after {figures.Cells} cells; an interrupt takes "
                    + $"{figures.InterruptMilliseconds:F0} ms"));
        });
        return command;
    }

    private static Command Memory()
    {
        var folder = BaseOption.Create(", or sd15 for random weights of its shape");
        var pictures = new Option<string>("--pictures-dir")
        {
            DefaultValueFactory = _ => "data/sample-rabbit",
            Description = "pictures to train on"
        };
        var on = DeviceOption.Create();
        var all = new Option<bool>("--all-methods") { Description = "every method, one after the other" };
        var command = new Command("memory",
            "Train for two epochs and print the memory forecast beside what was held; --all-methods for every method.") { folder, pictures,
                on, all };
        var plan = new MemoryOptions(command);
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var methods = parse.GetValue(all) ? Enum.GetValues<TrainMethod>().Cast<TrainMethod?>() : [null];
            var device = DeviceOption.Of(parse.GetValue(on));
            var results = methods.Select(method => MemoryBench.Run(parse.GetValue(folder)!,
                plan.Read(parse, parse.GetValue(folder)!, device, method), parse.GetValue(pictures)!, device)).ToList();
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(new { Runs = results }, Verb.Json)
                : string.Join('\n', results.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Method,-18} forecast "
                    + $"{MemoryForecast.Size(one.Forecast),9}  measured {MemoryForecast.Size(one.Measured),9}  {100 * one.Error,5:0.0} %  "
                    + $"process {MemoryForecast.Size(one.ProcessBytes)}"))));
            return 0;
        });
        return command;
    }

    private static Command Gpu()
    {
        var folder = new Option<string>("--base")
        {
            DefaultValueFactory = _ => ModelShape.Sd15Name,
            Description = "the base model's folder, or sd15 for random weights of its shape"
        };
        var on = DeviceOption.Create();
        var size = new Option<int?>("--size") { Description = "pixels a side (the base's own)" };
        var batches = new Option<int[]>("--batches")
        {
            DefaultValueFactory = _ => [1, 4, 8, 16, 32],
            Description = "pictures in a step",
            AllowMultipleArgumentsPerToken = true
        };
        var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 6, Description = "how long each row is measured" };
        var output = new Option<string>("--out")
        {
            DefaultValueFactory = _ => Path.Combine("bench", "results"),
            Description = "the folder for the table, as JSON and as Markdown"
        };
        var command = new Command("gpu", "Training and sampling of a model of SD 1.5's size on a GPU: pictures per second, memory, and "
            + "how far from what the device can do.") { folder, on, size, batches, seconds, output };
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) =>
        {
            var counts = parse.GetValue(batches)!;
            if (counts.Length == 0 || counts.Any(count => count is < 1 or > 1024))
                throw new BadInputException("--batches must be from 1 to 1024 each, such as --batches 1 4 8.");
            if (parse.GetValue(seconds) is not (> 0 and <= 60))
                throw new BadInputException("--seconds must be above 0 and at most 60.");
            var device = DeviceOption.Of(parse.GetValue(on));
            var dtype = device.type == TorchSharp.DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32;
            var shape = ModelShape.Of(parse.GetValue(folder)!);
            var pixels = parse.GetValue(size) ?? shape.SampleSize;
            if (pixels < 8 * shape.Vae.Factor || pixels > SampleOptions.LargestSize || pixels % (8 * shape.Vae.Factor) != 0)
                throw new BadInputException($"--size {pixels}: the UNet halves three times, so it must be a multiple of "
                    + $"{8 * shape.Vae.Factor}, and at most {SampleOptions.LargestSize}.");
            using var sd = parse.GetValue(folder) == ModelShape.Sd15Name ? RandomModel.Of(shape, device, dtype)
                : StableDiffusion.Load(parse.GetValue(folder)!, device, dtype);
            var result = GpuBench.Run(sd, parse.GetValue(folder)!, pixels, counts, parse.GetValue(seconds), Console.Error.WriteLine,
                cancel);
            var file = Path.Combine(parse.GetValue(output)!,
                string.Concat(result.Machine.Device.Split([.. Path.GetInvalidFileNameChars(), ',', ' '],
                    StringSplitOptions.RemoveEmptyEntries).Select((word, i) => i == 0 ? word : $"-{word}")));
            Directory.CreateDirectory(parse.GetValue(output)!);
            Checkpoints.AtomicFile.WriteText(file + ".json", JsonSerializer.Serialize(result, Verb.Json));
            Checkpoints.AtomicFile.WriteText(file + ".md", GpuTable.Markdown(result));
            Console.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(result, Verb.Json)
                : GpuTable.Markdown(result) + $"\nwritten to {file}.json and .md");
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Step()
    {
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 30, Description = "steps to measure, after five to warm up" };
        var rank = new Option<int>("--rank") { DefaultValueFactory = _ => 4, Description = "the LoRA's rank" };
        var threads = new Option<int>("--threads") { Description = "threads for libtorch (every core)" };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 1, Description = "latents in a step" };
        var command = new Command("step", "One LoRA training step (forward, backward, AdamW) of the reference UNet with SD 1.5's topology.")
            { steps, rank, threads, batch };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var result = StepBench.Run(parse.GetValue(steps), parse.GetValue(rank), parse.GetValue(threads), parse.GetValue(batch));
            Console.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(result, Verb.Json) : result.ToText());
            return 0;
        });
        return command;
    }

    private static Command Ops()
    {
        var command = new Command("ops", "Nanoseconds of small operations: what a call from C# into libtorch costs.");
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var results = OpsBench.Run();
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(new { Ops = results }, Verb.Json)
                : string.Join('\n', results.Select(result => $"{result.Nanoseconds,10:0} ns  {result.Name}")));
            return 0;
        });
        return command;
    }

    private static Command Sample()
    {
        var folder = BaseOption.Create();
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 20, Description = "denoising steps of a picture" };
        var count = new Option<int>("--count") { DefaultValueFactory = _ => 4, Description = "pictures" };
        var on = DeviceOption.Create();
        var dtype = DTypeOption.Create();
        var command = new Command("sample", "Seconds of a picture on a base model.") { folder, on, dtype, steps, count };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var device = DeviceOption.Of(parse.GetValue(on));
            using var sd = StableDiffusion.Load(parse.GetValue(folder)!, device,
                DTypeOption.Tell(parse.GetValue(dtype), parse.GetValue(folder)!, device));
            var options = new SampleOptions
            {
                Prompt = "a photo of a rabbit toy",
                Steps = parse.GetValue(steps),
                Count = parse.GetValue(count)
            };
            sd.Sample(options with { Steps = 2, Count = 1 });
            var start = Stopwatch.GetTimestamp();
            sd.Sample(options);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var result = new
            {
                SecondsPerPicture = seconds / options.Count,
                StepsPerSecond = options.Steps * options.Count / seconds,
                PeakBytes = TensorMemory.PeakResidentBytes
            };
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(result, Verb.Json)
                : string.Create(CultureInfo.InvariantCulture, $"{result.SecondsPerPicture:0.00} s a picture of {options.Steps} steps "
                    + $"({result.StepsPerSecond:0.0} steps/s), {result.PeakBytes / 1e6:0} MB at most"));
            return 0;
        });
        return command;
    }

    private static Command Lora()
    {
        var folder = BaseOption.Create();
        var rank = new Option<int>("--rank") { DefaultValueFactory = _ => 8, Description = "the LoRA's rank" };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 40, Description = "forward passes of each kind" };
        var batch = new Option<int>("--batch")
        {
            DefaultValueFactory = _ => 8,
            Description = "latents in a pass: sampling four pictures with guidance takes 8"
        };
        var command = new Command("lora", "What a LoRA adds to a forward pass of the UNet, attached and merged.") { folder, rank, rounds,
            batch };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var sd = StableDiffusion.Load(parse.GetValue(folder)!);
            var results = LoraBench.Run(sd, parse.GetValue(rank), parse.GetValue(rounds), parse.GetValue(batch));
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(new { Rank = parse.GetValue(rank), Batch = parse.GetValue(batch), Passes = results }, Verb.Json)
                : string.Join('\n', results.Select(result => string.Create(CultureInfo.InvariantCulture, $"{result.Milliseconds,8:0.0} ms "
                    + $"wall {result.CpuMilliseconds,8:0.0} ms CPU {result.Overhead,8:+0.0%;-0.0%}  {result.What}"))));
            return 0;
        });
        return command;
    }

    private static Command Sd15()
    {
        var runs = new Option<int>("--runs")
        {
            DefaultValueFactory = _ => 3,
            Description = "how often to measure each, after one to warm up"
        };
        var threads = new Option<int>("--threads") { Description = "threads for libtorch (every core)" };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 512, Description = "pixels a side" };
        var dtype = new Option<string>("--dtype") { DefaultValueFactory = _ => "float32", Description = "float32, bfloat16 or float16" };
        var keep = new Option<string?>("--model")
        { Description = "a folder to keep the random model in, 2.1 GB, and to take it from the next time" };
        var command = new Command("sd15",
            "Load time, memory, and seconds of a UNet forward and a VAE decode of a random model of SD 1.5's size.") { runs, threads, size,
                dtype, keep };
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) =>
        {
            var type = Precision.TypeOf(parse.GetValue(dtype)!);
            if (parse.GetValue(runs) is < 1 or > 1000)
                throw new BadInputException("--runs must be from 1 to 1000.");
            var kept = parse.GetValue(keep);
            var folder = kept ?? Directory.CreateTempSubdirectory("kit-sd15-").FullName;
            try
            {
                var result = Sd15Bench.Run(folder, parse.GetValue(runs), parse.GetValue(threads), parse.GetValue(size), type,
                    Console.Error.WriteLine, cancel);
                Console.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(result, Verb.Json) : result.ToText());
            }
            finally
            {
                if (kept is null)
                    Directory.Delete(folder, recursive: true);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Load()
    {
        var half = new Option<bool>("--half") { Description = "ask for float16, the file's own type, instead of float32" };
        var command = new Command("load",
            "Load a UNet of SD 1.5's size from a float16 file made on the fly (1.7 GB in the temporary folder).") { half };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var result = LoadBench.Run(parse.GetValue(half) ? TorchSharp.torch.ScalarType.Float16 : TorchSharp.torch.ScalarType.Float32);
            Console.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(result, Verb.Json) : result.ToText());
            return 0;
        });
        return command;
    }
}

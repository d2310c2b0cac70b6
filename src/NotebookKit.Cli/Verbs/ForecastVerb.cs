using System.CommandLine;
using System.Text.Json;
using NotebookKit.Display;
using NotebookKit.Training.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit forecast</c>: what a run will hold at its peak, whether it fits, and the cheapest change where it does not.</summary>
internal static class ForecastVerb
{
    /// <summary>The verb with its options.</summary>
    public static Command Create()
    {
        var folder = BaseOption.Create(", or sd15 for Stable Diffusion 1.5 without having it");
        var command = new Command("forecast",
            "Tell how much memory a run will take, before anything is loaded, and what to change where it does not fit.") { folder };
        var plan = new MemoryOptions(command);
        var gpu = new Option<bool>("--gpu")
        { Description = "forecast for a GPU: encoded pictures wait in RAM, and 0.75 GB for the CUDA context" };
        var memory = new Option<double?>("--memory") { Description = "GB (of 1024³ bytes) that the device has, or RAM" };
        var table = new Option<bool>("--table")
        { Description = "SD 1.5 at 512×512 in every method beside the usual advice of 10, 8 and 6 GB" };
        foreach (var option in new Option[] { gpu, memory, table })
            command.Options.Add(option);
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            if (parse.GetValue(table))
            {
                Table(parse.GetValue(json));
                return 0;
            }

            if (parse.GetValue(memory) is { } gigabytes && (!double.IsFinite(gigabytes) || gigabytes <= 0))
                throw new BadInputException($"--memory must be above 0 GB, not {gigabytes}.");
            var asked = plan.Read(parse, parse.GetValue(folder)!, new Device(parse.GetValue(gpu) ? DeviceType.CUDA : DeviceType.CPU));
            var forecast = MemoryForecast.Of(ModelShape.Of(parse.GetValue(folder)!), asked, (long?)(parse.GetValue(memory) * (1L << 30)));
            Console.WriteLine(parse.GetValue(json) ? Json(forecast) : Text(forecast));
            return 0;
        });
        return command;
    }

    private static string Json(MemoryForecast forecast) => JsonSerializer.Serialize(
        new
        {
            forecast.Bytes,
            Parts = forecast.Bytes.Parts.Select(part => new { Part = Name(part.Key), Bytes = part.Value }),
            forecast.Reserve,
            forecast.Available,
            forecast.Fits,
            forecast.Advice
        }, Verb.Json);

    // ResnetBlocks becomes "resnet blocks".
    private static string Name(MemoryPart part) => part is MemoryPart.UNet ? "UNet" : part is MemoryPart.Vae ? "VAE"
        : string.Concat(part.ToString()
            .Select((letter, i) => char.IsUpper(letter) ? (i > 0 ? " " : "") + char.ToLowerInvariant(letter) : $"{letter}"));

    private static string Text(MemoryForecast forecast)
    {
        var bytes = forecast.Bytes;
        var lines = new List<string>();
        foreach (var (group, size, first, last) in new[]
        {
            ("weights", bytes.Weights, MemoryPart.UNet, MemoryPart.Beside),
            ("gradients", bytes.Gradients, MemoryPart.Gradients, MemoryPart.Gradients),
            ("optimizer", bytes.Optimizer, MemoryPart.OptimizerStates, MemoryPart.MovingAverage),
            ("activations", bytes.Activations, MemoryPart.Norms, MemoryPart.Momentary),
            ("caches", bytes.Caches, MemoryPart.Caches, MemoryPart.Caches),
        })
        {
            lines.Add($"{group,-26} {MemoryForecast.Size(size),10}");
            if (first != last)
                lines.AddRange(bytes.Parts.Where(part => part.Key >= first && part.Key <= last)
                    .Select(part => $"  {Name(part.Key),-24} {MemoryForecast.Size(part.Value),10}"));
        }

        lines.Add($"{"tensors at most",-26} {MemoryForecast.Size(bytes.Total),10}");
        lines.Add($"{(forecast.Plan.OnGpu ? "CUDA context, about" : "the process itself, about"),-26} "
            + $"{MemoryForecast.Size(forecast.Reserve),10}");
        if (forecast.Available is { } available)
            lines.Add(forecast.Fits ? $"It fits into {MemoryForecast.Size(available)}."
                : $"It does not fit into {MemoryForecast.Size(available)}.");
        return string.Join('\n', lines.Concat(forecast.Advice));
    }

    private static void Table(bool json)
    {
        var table = ArticleClaims.Table();
        Console.WriteLine(json
            ? JsonSerializer.Serialize(new { table.Caption, table.Columns, table.Rows }, Verb.Json)
            : table.ToString());
    }
}

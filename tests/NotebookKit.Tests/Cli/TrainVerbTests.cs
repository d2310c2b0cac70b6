using System.Diagnostics;
using System.Text.Json;
using NotebookKit.Images;
using NotebookKit.Tests.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Cli;

public sealed class TrainVerbTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-verb-").FullName;

    [Fact]
    public void It_trains_and_prints_one_JSON_object()
    {
        var file = Path.Combine(_folder, "toy.safetensors");
        var (exit, output, error) = KitCommand.Run(Args("--class-prompt", "a toy", "--class-images", "2", "--epochs", "2", "--rank", "2",
            "--warmup", "2", "--lr", "1e-3", "--seed", "3", "--out", file, "--json"));
        Assert.True(exit == 0, error);
        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;
        Assert.Equal((6, 2), (root.GetProperty("steps").GetInt32(), root.GetProperty("epochs").GetInt32()));
        Assert.Equal(6, root.GetProperty("loss").GetArrayLength());
        Assert.Equal(6, root.GetProperty("prior_loss").GetArrayLength());
        Assert.Equal([0, 5e-4, 1e-3, 1e-3, 1e-3, 1e-3], root.GetProperty("lr").EnumerateArray().Select(lr => lr.GetDouble()));
        Assert.True(root.GetProperty("peak_bytes").GetInt64() > 1_000_000);
        Assert.True(root.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(file, root.GetProperty("output").GetString());
        Assert.True(File.Exists(file));
        Assert.Contains("training 6/6", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_input_is_answered_with_one_sentence_and_nothing_is_written()
    {
        var output = Path.Combine(_folder, "out");
        AssertRefused("nowhere", Replace("--instance-dir", Path.Combine(_folder, "nowhere")));
        AssertRefused("no picture", Replace("--instance-dir", Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName));
        AssertRefused("empty", Replace("--instance-prompt", ""));
        AssertRefused("rank", Args("--rank", "0", "--out", output));
        AssertRefused("epochs", Args("--epochs", "0", "--out", output));
        AssertRefused("imagic", Args("--method", "magic", "--out", output));
        AssertRefused("nothing to weigh",
            Args("--class-prompt", "a toy", "--class-images", "0", "--prior-loss-weight", "0.3", "--out", output));
        AssertRefused("none without a class prompt", Args("--prior-loss-weight", "0.3", "--out", output));
        AssertRefused("equals", Args("--class-prompt", "a zwx toy", "--out", output));
        AssertRefused("--rank 16 or less", Args("--rank", "4096", "--out", output));
        AssertRefused("did you mean cosine", Args("--schedule", "cosin", "--out", output));
        AssertRefused("euler", Args("--sampler", "eulr", "--out", output));
        AssertRefused("--rank", Args("--rank", "many", "--out", output));
        AssertRefused("--device 'gpu' is no device", Args("--device", "gpu", "--out", output));
        AssertRefused("cannot run a model", Args("--device", "meta", "--out", output));
        AssertRefused("--memory must be above 0", Args("--memory", "0", "--out", output));
        Assert.False(Path.Exists(output));
    }

    [Theory]
    [InlineData("train", "--instance-dir", "x", "--instance-prompt", "x")]
    [InlineData("sample", "--prompt", "x")]
    [InlineData("tokens", "zwx")]
    [InlineData("grade", "--count", "1")]
    [InlineData("dreambooth-study")]
    [InlineData("lora", "xyz", "x.safetensors", "--prompt", "x")]
    [InlineData("lora", "merge", "x.safetensors", "--out", "x")]
    [InlineData("bench", "sample")]
    [InlineData("bench", "memory")]
    public void Every_verb_that_runs_a_model_takes_a_device(params string[] args)
    {
        var root = new System.CommandLine.RootCommand("kit");
        foreach (var (_, create) in NotebookKit.Cli.Verb.All)
            root.Subcommands.Add(create());
        Assert.Empty(root.Parse([.. args, "--base", tiny.Folder, "--device", "cuda:0"]).Errors);
    }

    [Fact]
    public void A_GPU_that_is_not_there_is_one_sentence_and_the_processor_is_the_default_without_one()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "this machine has a GPU");
        AssertRefused("no GPU that libtorch can use", Args("--device", "cuda", "--out", Path.Combine(_folder, "x.safetensors")));
        AssertRefused("--device cuda:1", "sample", "--base", tiny.Folder, "--prompt", "a toy", "--device", "cuda:1");
        var (exit, _, error) = KitCommand.Run(Args("--epochs", "1", "--rank", "2", "--device", "cpu", "--out",
            Path.Combine(_folder, "named.safetensors")));
        Assert.True(exit == 0, error);
        (exit, _, error) = KitCommand.Run(Args("--epochs", "1", "--rank", "2", "--out", Path.Combine(_folder, "default.safetensors")));
        Assert.True(exit == 0, error);
        Assert.Contains("\"device\": \"cpu\"", File.ReadAllText(Path.Combine(_folder, "default.card.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_cannot_fit_is_refused_with_the_cheapest_change_unless_it_is_forced()
    {
        var output = Path.Combine(_folder, "out", "toy.safetensors");
        // Base-mini's 70 MB, and 300 for the process, into 344.
        AssertRefused("(--method lora)", "train", "--base", Path.Combine(House.Root, "data", "base-mini"), "--instance-dir", tiny.Pictures,
            "--instance-prompt", "a zwx toy", "--method", "dreambooth", "--memory", "0.32", "--out", output);
        AssertRefused("--force", Args("--memory", "0.001", "--epochs", "1", "--rank", "2", "--out", output));
        Assert.False(Directory.Exists(Path.GetDirectoryName(output)));
        var (exit, json, error) = KitCommand.Run(Args("--memory", "0.001", "--force", "--epochs", "1", "--rank", "2", "--out", output,
            "--json"));
        Assert.True(exit == 0, error);
        Assert.Contains("because of --force", error, StringComparison.Ordinal);
        using var answer = JsonDocument.Parse(json);
        var (forecast, peak) = (answer.RootElement.GetProperty("forecast_bytes").GetInt64(),
            answer.RootElement.GetProperty("peak_bytes").GetInt64());
        Assert.InRange(forecast / (double)peak, 0.8, 1.25); // tensors of a few kilobytes round more
    }

    [Fact]
    public void The_forecast_is_told_before_anything_is_loaded()
    {
        var (exit, _, error) = KitCommand.Run(Args("--epochs", "1", "--rank", "2", "--out", Path.Combine(_folder, "toy.safetensors")));
        Assert.True(exit == 0, error);
        Assert.Matches(@"^forecast: [\d.]+ MB for tensors and about 300 MB for the process itself; "
            + @"there are [\d.]+ GB, of which [\d.]+ [GM]B free", error);
    }

    [Fact]
    public void What_the_command_line_prints_is_what_the_log_holds()
    {
        var (exit, _, error) = KitCommand.Run(Args("--class-prompt", "a toy", "--class-images", "2", "--epochs", "4", "--rank", "2",
            "--warmup", "50", "--sample-every", "2", "--sample-steps", "2", "--save-every", "2", "--held-out-dir", HeldOut(),
            "--held-out-every", "2", "--out", Path.Combine(_folder, "toy.safetensors")));
        Assert.True(exit == 0, error);
        var events = TrainLog.Read(Path.Combine(_folder, "toy.log.jsonl"));
        var logged = events.Select(happened => (happened is NoticeEvent ? "kit: " : "") + happened.Line()).Select(WithoutTime).ToList();
        var at = -1;
        var printed = error.Trim().Split('\n').Where(line => !line.StartsWith("forecast:", StringComparison.Ordinal)).Select(WithoutTime)
            .ToList();
        foreach (var line in printed)
        {
            at = logged.FindIndex(at + 1, line.Equals);
            Assert.True(at >= 0, $"\"{line}\" is not in the log, or not in this order");
        }

        // All but the steps in between are printed.
        Assert.Equal(events.Count(happened => happened is not (StepEvent or StageEvent)),
            printed.Count(line => !line.Contains('/', StringComparison.Ordinal) || line.StartsWith("kit:", StringComparison.Ordinal)
                || line.Contains(": /", StringComparison.Ordinal)));
        Assert.Contains(printed, line => line.StartsWith("training 12/12", StringComparison.Ordinal));

        static string WithoutTime(string line) => System.Text.RegularExpressions.Regex.Replace(line, @", \d+ (s|min) left$", "");
    }

    [Fact]
    public void A_text_file_named_jpg_is_named()
    {
        var pictures = Directory.CreateDirectory(Path.Combine(_folder, "pictures")).FullName;
        new RgbImage(16, 16).SavePng(Path.Combine(pictures, "a.png"));
        File.WriteAllText(Path.Combine(pictures, "b.jpg"), "this is no picture");
        AssertRefused("b.jpg", [.. Replace("--instance-dir", pictures), "--out", Path.Combine(_folder, "out.safetensors")]);
        Assert.False(File.Exists(Path.Combine(_folder, "out.safetensors")));
    }

    [Fact]
    public void A_full_disk_is_one_sentence_and_leaves_nothing_half_written()
    {
        // Files may not grow beyond 8 kB; the signal that comes with it is ignored, so that writing fails as on a full disk.
        var output = Path.Combine(_folder, "full", "toy.safetensors");
        var command = string.Join(' ',
            Args("--epochs", "1", "--rank", "16", "--lora-targets", "extended", "--out", output).Select(arg => $"'{arg}'"));
        var start = new ProcessStartInfo("bash",
            ["-c", $"trap '' XFSZ; ulimit -f 8; exec dotnet '{Path.Combine(AppContext.BaseDirectory, "kit-cli.dll")}' {command}"])
        { RedirectStandardError = true };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // .NET's own large temporary mapping
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 1, $"exit {process.ExitCode}: {error}");
        Assert.StartsWith("kit: ", error.Trim().Split('\n')[^1], StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(output)!, "*.safetensors"));
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(output)!, "*.tmp"));
    }

    [Theory]
    [InlineData("unet")]
    [InlineData("truncated")]
    public void A_base_that_lacks_or_breaks_a_part_is_refused(string fault)
    {
        var copy = Path.Combine(_folder, "base");
        foreach (var file in Directory.EnumerateFiles(tiny.Folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(tiny.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        if (fault == "unet")
        {
            Directory.Delete(Path.Combine(copy, "unet"), recursive: true);
        }
        else
        {
            var weights = Path.Combine(copy, "unet", "diffusion_pytorch_model.safetensors");
            File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..3000]);
        }

        AssertRefused("unet", Replace("--base", copy));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string HeldOut()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "held-out")).FullName;
        File.Copy(Path.Combine(tiny.Pictures, "0.png"), Path.Combine(folder, "0.png"), overwrite: true);
        return folder;
    }

    private static void AssertRefused(string expected, params string[] args)
    {
        var (exit, output, error) = KitCommand.Run(args);
        Assert.True(exit == 2, $"exit {exit}: {error}");
        Assert.Empty(output);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    private string[] Args(params string[] more) =>
        ["train", "--base", tiny.Folder, "--instance-dir", tiny.Pictures, "--instance-prompt", "a zwx toy", .. more];

    private string[] Replace(string flag, string value)
    {
        var args = Args();
        args[Array.IndexOf(args, flag) + 1] = value;
        return args;
    }
}

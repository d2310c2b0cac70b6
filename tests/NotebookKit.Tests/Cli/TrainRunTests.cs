using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Tests.Images;
using NotebookKit.Tests.Training;

namespace NotebookKit.Tests.Cli;

/// <summary>Whole runs of <c>kit train</c>: killed, stopped, repeated from their card, and on photos as phones take them.</summary>
public sealed class TrainRunTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("lora")]
    [InlineData("lora", "--text-encoder-ratio", "0.5", "--free-encoders")]
    [InlineData("dreambooth", "--text-encoder-ratio", "0.5", "--ema", "0.9")]
    public void A_run_killed_at_random_moments_goes_on_and_ends_bit_identical(string method, params string[] more)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] settings = ["--epochs", "60", "--method", method, .. more];
        var ending = method == "lora" ? ".safetensors" : "";
        var whole = Args("whole", ending, settings);
        var (exit, _, error) = KitCommand.Run(whole);
        Assert.True(exit == 0, error);

        var cut = Args("cut", ending, settings);
        var kills = 0;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            if (KilledWhileTraining(GoingOn(), "cut", random.Next(10, 700)))
                kills++;
        }

        Assert.True(kills >= 2, $"only {kills} of 5 attempts fell into the training");
        (exit, _, error) = KitCommand.Run(GoingOn());
        Assert.True(exit == 0, error);

        var (expected, got) = (Weights("whole", ending), Weights("cut", ending));
        Assert.Equal(expected.Keys, got.Keys);
        Assert.All(expected, pair => Assert.True(pair.Value.AsSpan().SequenceEqual(got[pair.Key]),
            $"{pair.Key} differs (kills of seed {seed})"));
        Assert.Equal(Losses("whole"), Losses("cut"));
        Assert.Empty(Directory.GetFiles(_folder["checkpoints", "cut"], "*.tmp"));

        string[] GoingOn() => Checkpoints("cut").Count > 0 ? [.. cut, "--resume"] : cut;
    }

    // In bytes: tensors of the test's scope would be many.
    private SortedDictionary<string, byte[]> Weights(string name, string ending)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var output = _folder[name + ending];
        var files = Directory.Exists(output) ? Directory.GetFiles(output, "*.safetensors", SearchOption.AllDirectories) : [output];
        return new(files.SelectMany(file => Safetensors.Load(file)
            .Select(pair => (Key: $"{Path.GetRelativePath(output, file)}/{pair.Key}", Bytes: pair.Value.bytes.ToArray())))
            .ToDictionary(pair => pair.Key, pair => pair.Bytes), StringComparer.Ordinal);
    }

    [Fact]
    public void A_terminated_run_saves_what_it_has_and_can_go_on()
    {
        var args = Args("stopped", ".safetensors", "--epochs", "100000");
        using var process = Start(args);
        Wait(process, () => File.Exists(_folder["stopped.log.jsonl"])
            && File.ReadAllText(_folder["stopped.log.jsonl"]).Contains("\"event\":\"step\"", StringComparison.Ordinal));
        Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();
        Assert.True(process.WaitForExit(60_000));
        Assert.Equal(1, process.ExitCode);
        Assert.True(File.Exists(_folder["stopped.safetensors"]));
        Assert.NotEmpty(Checkpoints("stopped"));
    }

    [Fact]
    public void A_training_loads_no_chart_package() // the first touch of Plotly.NET takes 0.6 s and 67 MB
    {
        using var process = Start(Args("lean", ".safetensors", "--epochs", "100000"));
        Wait(process, () => Steps("lean") > 3);
        var loaded = File.ReadAllText($"/proc/{process.Id}/maps");
        process.Kill();
        process.WaitForExit();
        Assert.Contains("/NotebookKit.dll", loaded, StringComparison.Ordinal);
        Assert.All((string[])["/Plotly.NET", "/XPlot.Plotly", "/FSharp.Core", "/Newtonsoft.Json"],
            package => Assert.DoesNotContain(package, loaded, StringComparison.Ordinal));
    }

    [Fact]
    public void A_card_repeats_the_run_and_notices_a_changed_picture()
    {
        var pictures = Directory.CreateDirectory(_folder["pictures"]).FullName;
        foreach (var file in Directory.GetFiles(tiny.Pictures))
            File.Copy(file, Path.Combine(pictures, Path.GetFileName(file)));
        var args = Args("first", ".safetensors", "--epochs", "3", "--noise-offset", "0.1", "--text-encoder");
        args[Array.IndexOf(args, "--instance-dir") + 1] = pictures;
        var (exit, _, error) = KitCommand.Run(args);
        Assert.True(exit == 0, error);
        var card = JsonNode.Parse(File.ReadAllText(_folder["first.card.json"]))!;
        Assert.Equal((0.1, 3), ((double)card["settings"]!["noise_offset"]!, (int)card["settings"]!["epochs"]!));
        Assert.Equal(3, card["pictures"]!.AsObject().Count);
        Assert.NotNull(card["base_hash"]);
        Assert.NotNull(card["versions"]!["libtorch"]);

        (exit, _, error) = KitCommand.Run("train", "--from-card", _folder["first.card.json"], "--out", _folder["second.safetensors"]);
        Assert.True(exit == 0, error);
        var (first, second) = (Safetensors.Load(_folder["first.safetensors"]), Safetensors.Load(_folder["second.safetensors"]));
        Assert.All(first, pair => Assert.Equal(pair.Value.bytes.ToArray(), second[pair.Key].bytes.ToArray()));

        new RgbImage(16, 16).SavePng(Path.Combine(pictures, "1.png"));
        (exit, _, error) = KitCommand.Run("train", "--from-card", _folder["first.card.json"], "--out", _folder["third.safetensors"]);
        Assert.Equal(2, exit);
        Assert.Contains("1.png", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Photos_as_phones_take_them_train_like_the_sample()
    {
        var photos = Directory.CreateDirectory(_folder["photos"]).FullName;
        PhonePhoto.Write(Path.Combine(photos, "IMG_0001.JPG"), 4032, 3024, orientation: 6); // 12 megapixels, held upright
        PhonePhoto.Write(Path.Combine(photos, "IMG_0002.jpeg"), 4032, 3024, orientation: 1);
        PhonePhoto.Write(Path.Combine(photos, "IMG_0003.jpg"), 1600, 1600, orientation: 3);
        var upright = RgbImage.Load(Path.Combine(photos, "IMG_0001.JPG"));
        Assert.Equal((3024, 4032), (upright.Width, upright.Height));

        var (exit, output, error) = KitCommand.Run(
            "train", "--base", tiny.Folder, "--instance-dir", photos, "--instance-prompt", "a zwx toy", "--class-prompt", "a toy",
            "--class-images-per-instance", "1",
            "--size", "64", "--epochs", "2", "--rank", "2", "--sample-steps", "2", "--class-steps", "2", "--out",
            _folder["phone.safetensors"], "--json");
        Assert.True(exit == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(6, json.RootElement.GetProperty("steps").GetInt32());
        // A class image in each bucket's shape.
        var shapes = Directory.GetFiles(_folder["class-images", "a-toy"], "*.png").Select(RgbImage.Load)
            .Select(image => (image.Width, image.Height)).Order();
        Assert.Equal([(48, 80), (64, 64), (80, 48)], shapes);
    }

    [Fact]
    public void Concepts_come_from_a_file_and_the_plan_is_told_before_painting()
    {
        File.WriteAllText(_folder["concepts.json"], $$"""
            [{"instance_dir": "{{tiny.Pictures}}", "instance_prompt": "a zwx toy", "class_prompt": "a toy", "class_images": 2},
             {"instance_dir": "{{tiny.Pictures}}", "instance_prompt": "a qvr bear", "class_prompt": "a bear", "class_images": 1}]
            """);
        var (exit, output, error) = KitCommand.Run("train", "--base", tiny.Folder, "--concepts", _folder["concepts.json"], "--out",
            _folder["two.safetensors"], "--plan", "--json");
        Assert.True(exit == 0, error);
        using var plan = JsonDocument.Parse(output);
        Assert.Equal([("a toy", 0, 2), ("a bear", 0, 1)],
            plan.RootElement.EnumerateArray().Select(set =>
                (set.GetProperty("prompt").GetString()!, set.GetProperty("have").GetInt32(), set.GetProperty("need").GetInt32())));
        Assert.False(Directory.Exists(_folder["class-images"]));

        File.WriteAllText(_folder["concepts.json"], """[{"instance_folder": "x"}]""");
        (exit, _, error) = KitCommand.Run("train", "--base", tiny.Folder, "--concepts", _folder["concepts.json"]);
        Assert.Equal(2, exit);
        Assert.Contains("instance_folder", error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string[] Args(string name, string ending, params string[] more) =>
    [
        "train", "--base", tiny.Folder, "--instance-dir", tiny.Pictures, "--instance-prompt", "a zwx toy", "--class-prompt", "a toy",
        "--class-images", "2", "--class-dir", _folder["class"],
        "--sample-steps", "2", "--rank", "2", "--seed", "3", "--save-as", "fp32", "--save-every", "3", "--out", _folder[name + ending],
        .. more,
    ];

    private List<string> Checkpoints(string name)
    {
        var folder = _folder["checkpoints", name];
        return Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder, "*.state.safetensors").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)]
            : [];
    }

    private double[] Losses(string name) =>
        [.. File.ReadLines(_folder[name + ".log.jsonl"]).Select(line => JsonNode.Parse(line)!)
            .Where(line => (string?)line["event"] == "step").Select(line => (double)line["step"]!["loss"]!)];

    // False where the run was over before.
    private bool KilledWhileTraining(string[] args, string name, int milliseconds)
    {
        var before = Steps(name);
        using var process = Start(args);
        Wait(process, () => process.HasExited || Steps(name) > before);
        Thread.Sleep(milliseconds);
        var alive = !process.HasExited;
        process.Kill(); // SIGKILL
        process.WaitForExit();
        return alive;
    }

    // The log's lines about steps; a resumed run takes those back that its checkpoint does not have.
    private int Steps(string name)
    {
        try
        {
            return File.ReadLines(_folder[name + ".log.jsonl"])
                .Count(line => line.Contains("\"event\":\"step\"", StringComparison.Ordinal));
        }
        catch (FileNotFoundException)
        {
            return 0; // also while a run that begins anew replaces it
        }
    }

    private static void Wait(Process process, Func<bool> reached)
    {
        var clock = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3), "the run got nowhere");
            Thread.Sleep(5);
        }
    }

    private static Process Start(string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), .. args])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}

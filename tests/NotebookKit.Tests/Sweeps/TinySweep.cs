using System.Diagnostics;
using System.Text.Json.Nodes;
using NotebookKit.Sweeps;
using NotebookKit.Tests.Cli;
using NotebookKit.Tests.Training;

namespace NotebookKit.Tests.Sweeps;

/// <summary>A sweep of the tiny base, and the same trained once without any disturbance: what all others must come to.</summary>
public sealed class TinySweep : IDisposable
{
    private readonly TinyBase _tiny = new();
    private readonly Lazy<string> _whole;

    public TinySweep()
    {
        _whole = new(() =>
        {
            var (code, _, error) = KitCommand.Run("sweep", Write("whole"), "--out", Folder["whole"], "--workers", "2");
            Assert.True(code == 0, error);
            return Folder["whole"];
        });
    }

    internal TemporaryFolder Folder { get; } = new();

    /// <summary>The folder of the sweep that nobody disturbed.</summary>
    public string Whole => _whole.Value;

    /// <summary>Twelve points that take a few seconds each.</summary>
    public JsonObject Spec => new()
    {
        ["base"] = _tiny.Folder,
        ["settings"] = new JsonObject
        {
            ["instance_dir"] = _tiny.Pictures,
            ["instance_prompt"] = "a photo of zwx toy",
            ["class_prompt"] = "a photo of a toy",
            ["class_images"] = 2,
            ["class_steps"] = 2,
            ["sample_steps"] = 2,
            ["epochs"] = 40,
        },
        ["vary"] = new JsonObject { ["rank"] = new JsonArray(1, 2), ["prior_loss_weight"] = new JsonArray(0.1, 0.3) },
        ["seeds"] = 3,
        ["measure"] = new JsonObject
        {
            ["probe"] = Path.Combine(House.Root, "data", "probe"),
            ["asked"] = new JsonArray("a photo of [subject] in the snow"),
            ["pictures"] = 3,
            ["steps"] = 2,
        },
    };

    /// <summary>Writes a specification, changed as wanted.</summary>
    public string Write(string name, Action<JsonObject>? change = null)
    {
        var spec = Spec;
        change?.Invoke(spec);
        File.WriteAllText(Folder[name + ".json"], spec.ToJsonString());
        return Folder[name + ".json"];
    }

    public void Dispose()
    {
        Folder.Dispose();
        _tiny.Dispose();
    }

    /// <summary>A table without what no two runs have in common: seconds and memory.</summary>
    internal static string[] Lasting(string folder)
    {
        var lines = File.ReadAllLines(Path.Combine(folder, "table.csv")).Select(line => line.Split(',')).ToList();
        var gone = lines[0].Index().Where(column => column.Item is "seconds" or "peak_bytes").Select(column => column.Index).ToHashSet();
        return [.. lines.Select(line => string.Join(',', line.Index().Where(cell => !gone.Contains(cell.Index)).Select(cell =>
            cell.Item)))];
    }

    /// <summary>How often each point was begun.</summary>
    internal static int[] Attempts(string folder) => [.. SweepFolder.Open(folder).Points.Select(point =>
        File.ReadLines(point.Attempts).Count(line => line.Contains("\"process\"", StringComparison.Ordinal)))];

    /// <summary>Starts the command line and does not wait.</summary>
    internal static Process Start(params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), .. arguments])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Waits until something is so.</summary>
    internal static void Until(Func<bool> so, string what, int seconds = 240) => Until(so, () => what, seconds);

    /// <summary>Waits until something is so, and says what is seen at the end where it is not.</summary>
    internal static void Until(Func<bool> so, Func<string> what, int seconds)
    {
        var clock = Stopwatch.StartNew();
        while (!so())
        {
            if (clock.Elapsed.TotalSeconds >= seconds)
                Assert.Fail($"after {seconds} s: {what()}");
            Thread.Sleep(50);
        }
    }

    /// <summary>A point that is being trained and has a checkpoint.</summary>
    internal static PointFolder? Midway(string folder) => !SweepFolder.Is(folder) ? null
        : SweepFolder.Open(folder).Points.FirstOrDefault(point => !point.IsDone && PointLock.HolderHere(point.LockFile) is not null
            && NotebookKit.Training.Runs.RunStates.In(point.Place.Checkpoints).Count > 0);
}

/// <summary>One tiny sweep for all tests that need one: it takes half a minute.</summary>
[CollectionDefinition("Sweeps")]
public sealed class SweepsCollection : ICollectionFixture<TinySweep>;

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using NotebookKit.Checkpoints;
using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>
/// Ends the command line with SIGKILL at random moments of its work, lets it go on, and looks whether anything was lost:
/// no file may be half written, no result may have come less far than one that stood there before, and the end must be,
/// to the bit, that of a run that nobody has touched.
/// </summary>
/// <param name="program">What starts the command line, before its arguments.</param>
/// <param name="model">The base's folder.</param>
/// <param name="photos">Pictures to train on.</param>
/// <param name="seed">Decides the moments.</param>
internal sealed class KillRounds(IReadOnlyList<string> program, string model, string photos, int seed) : IDisposable
{
    private readonly Random _random = new(seed);
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-kills-").FullName;

    /// <summary>Goes through the kinds of work in turn until so many kills have fallen.</summary>
    /// <param name="rounds">How many kills.</param>
    /// <param name="tell">Told a line after each piece of work that came to its end.</param>
    public KillFigures Run(int rounds, Action<string> tell)
    {
        Work[] works = [Training(), FullTraining(), Merge(), Convert(), ConvertToFolder()];
        foreach (var work in works)
            Prepare(work);
        var figures = new KillFigures(seed, 0, 0, 0, []);
        for (var i = 0; figures.Kills < rounds; i++)
        {
            var life = Live(works[i % works.Length], rounds - figures.Kills);
            figures = new(seed, figures.Kills + life.Kills, figures.Ends + life.Ends, figures.AfterEnd + life.AfterEnd,
                [.. figures.Losses, .. life.Losses]);
            var lost = string.Join("; ", figures.Losses.DefaultIfEmpty("nothing lost"));
            tell($"{figures.Kills} of {rounds} kills, {works[i % works.Length].Name}: {lost}");
        }

        return figures;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // An untouched run, which tells how long the work takes and what comes of it.
    private void Prepare(Work work)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "whole-" + work.Name)).FullName;
        var clock = Stopwatch.StartNew();
        if (Start(work, folder, resume: false, kill: null) is not 0 and var code)
            throw new InvalidOperationException($"{work.Name} ended with {code} although nobody killed it.");
        work.Seconds = clock.Elapsed.TotalSeconds;
        work.Expected = Sum(Path.Combine(folder, work.Output));
    }

    // Killed and taken up again until it ends; then nothing may be left to do, whoever kills the attempt.
    private KillFigures Live(Work work, int most)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"life-{_random.Next():x8}")).FullName;
        var (kills, losses, furthest) = (0, new List<string>(), 0);
        int code;
        do
        {
            var moment = kills < Math.Min(6, most) ? TimeSpan.FromSeconds(_random.NextDouble() * work.Seconds * 1.1) : (TimeSpan?)null;
            code = Start(work, folder, work.Resumes && HasState(folder), moment);
            kills += code == Killed ? 1 : 0;
            if (code is not (0 or Killed))
                losses.Add($"{work.Name} ended with {code}");
            Look(work, folder, losses, ref furthest);
        }
        while (code == Killed);

        if (Sum(Path.Combine(folder, work.Output)) != work.Expected)
            losses.Add($"{work.Name} ended with another result");
        var after = 0;
        if (work.Resumes && kills < most) // repeated although all is done
        {
            after = Start(work, folder, resume: true, TimeSpan.FromSeconds(_random.NextDouble() * work.Seconds)) == Killed ? 1 : 0;
            Look(work, folder, losses, ref furthest);
            if (Sum(Path.Combine(folder, work.Output)) != work.Expected)
                losses.Add($"{work.Name}: a resume with nothing left to train has changed the result");
        }

        Directory.Delete(folder, recursive: true);
        return new(seed, kills + after, 1, after, losses);
    }

    private static void Look(Work work, string folder, List<string> losses, ref int furthest)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains(".unfinished" + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
        {
            try
            {
                using var scope = NewDisposeScope();
                if (file.EndsWith(".safetensors", StringComparison.Ordinal))
                    Safetensors.Load(file);
                else if (file.EndsWith(".png", StringComparison.Ordinal))
                    RgbImage.Load(file);
                else if (file.EndsWith(".json", StringComparison.Ordinal))
                    System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file));
            }
            catch (Exception e) when (e is BadInputException or System.Text.Json.JsonException)
            {
                losses.Add($"{work.Name} left half a file: {e.Message}");
            }
        }

        var output = Path.Combine(folder, work.Output);
        if (!work.Resumes || !File.Exists(output))
            return;
        var steps = int.Parse(Safetensors.ReadMetadata(output).GetValueOrDefault("ss_steps", "0"), CultureInfo.InvariantCulture);
        if (steps < furthest)
            losses.Add($"{work.Name}: a result of {furthest} steps was replaced by one of {steps}");
        furthest = Math.Max(furthest, steps);
    }

    private static bool HasState(string folder) => Directory.Exists(Path.Combine(folder, "checkpoints", "toy"))
        && Directory.EnumerateFiles(Path.Combine(folder, "checkpoints", "toy"), "*.state.safetensors").Any();

    private const int Killed = 137;

    private int Start(Work work, string folder, bool resume, TimeSpan? kill)
    {
        string[] more = resume ? ["--resume"] : [];
        var start = new ProcessStartInfo(program[0], [.. program.Skip(1), .. work.Arguments(folder), .. more])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (kill is { } moment && !process.WaitForExit(moment))
        {
            process.Kill(); // SIGKILL
            process.WaitForExit();
            return Killed;
        }

        process.WaitForExit();
        return process.ExitCode;
    }

    private Work Training() => new("train", "toy.safetensors", true, folder => [.. Train(folder), "--class-prompt", "a toy",
        "--class-images", "4", "--class-steps", "2", "--sample-every", "3", "--sample-steps", "2", "--samples", "1", "--epochs", "12",
        "--save-as", "fp32", "--out", Path.Combine(folder, "toy.safetensors")]);

    private Work FullTraining() => new("train-model", "toy", true, folder => [.. Train(folder), "--method", "dreambooth", "--sample-every",
        "0", "--epochs", "3", "--out", Path.Combine(folder, "toy")]);

    private string[] Train(string folder) => ["train", "--base", model, "--instance-dir", photos, "--instance-prompt", "zkr toy", "--rank",
        "2", "--seed", "3", "--save-every", "1", "--class-dir", Path.Combine(folder, "class")];

    private Work Merge() => new("merge", "merged.safetensors", false, folder => ["lora", "merge", Path.Combine(_folder, "whole-train",
        "toy.safetensors"), "--base", model, "--out", Path.Combine(folder, "merged.safetensors")]);

    private Work Convert() => new("convert", "one.safetensors", false,
        folder => ["convert", model, Path.Combine(folder, "one.safetensors")]);

    private Work ConvertToFolder() => new("convert-to-folder", "model", false, folder => ["convert", model, Path.Combine(folder, "model")]);

    // Of the tensors: a file's notes may name the time.
    private static string Sum(string output)
    {
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files = Directory.Exists(output)
            ? [.. Directory.GetFiles(output, "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [output];
        foreach (var tensor in files.Where(File.Exists)
            .SelectMany(file => Safetensors.Load(file).OrderBy(pair => pair.Key, StringComparer.Ordinal)))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(tensor.Key));
            hash.AppendData(tensor.Value.bytes);
        }

        return System.Convert.ToHexString(hash.GetHashAndReset());
    }

    private sealed record Work(string Name, string Output, bool Resumes, Func<string, string[]> Arguments)
    {
        public double Seconds { get; set; }

        public string Expected { get; set; } = "";
    }
}

/// <summary>What the kills came to.</summary>
/// <param name="Seed">Of the moments.</param>
/// <param name="Kills">How many fell while the process lived.</param>
/// <param name="Ends">How many pieces of work came to their end after them.</param>
/// <param name="AfterEnd">How many of the kills fell into a resume with nothing left to train.</param>
/// <param name="Losses">What was lost, a sentence each.</param>
internal sealed record KillFigures(int Seed, int Kills, int Ends, int AfterEnd, IReadOnlyList<string> Losses);

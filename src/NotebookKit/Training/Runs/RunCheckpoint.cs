using NotebookKit.Training.Settings;
using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Pipeline.Ldm;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Training.Runs;

/// <summary>
/// All that a run needs to go on: weights, the optimizer's state, the average of the weights, and where in the data it
/// is. Nothing random needs keeping, as it follows from seed and position; the schedule follows from the step. One file,
/// written to another name and renamed, so that a kill at any moment leaves the last one whole.
/// </summary>
internal sealed class RunCheckpoint
{
    private const string Ending = ".state.safetensors";
    private const string Note = "run";

    private readonly string _folder;
    private readonly TrainOptions _options;
    private readonly TrainedWeights _weights;
    private readonly TrainOptimizer _optimizer;
    private readonly GradScaler? _scaler;
    private readonly EmaWeights? _ema;

    /// <summary>The checkpoints of a run, in <c>checkpoints/NAME/</c> beside its output, and what they hold.</summary>
    public RunCheckpoint(TrainOptions options, TrainedWeights weights, TrainOptimizer optimizer, GradScaler? scaler, EmaWeights? ema)
    {
        (_options, _weights, _optimizer, _scaler, _ema) = (options, weights, optimizer, scaler, ema);
        var output = Path.GetFullPath(options.OutputPath);
        _folder = Path.Combine(Path.GetDirectoryName(output)!, "checkpoints", Path.GetFileNameWithoutExtension(output));
    }

    /// <summary>The newest checkpoint; null where there is none.</summary>
    public string? Latest => All().LastOrDefault();

    /// <summary>Where the run puts encoders aside.</summary>
    public string EncodersFile => Path.Combine(_folder, "encoders.aside.safetensors");

    /// <summary>Whether a checkpoint belongs after an epoch, counted from 1.</summary>
    public bool IsDue(int epoch) => _options.Saving.Every > 0 && epoch % _options.Saving.Every == 0 && epoch < _options.EpochsInAll;

    /// <summary>Writes a checkpoint, and the weights beside it in the form that the run's result has; then forgets the oldest.</summary>
    /// <returns>The checkpoint's path.</returns>
    public string Write(RunPosition position, IReadOnlyDictionary<string, string> metadata)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, parameter) in _weights.Named)
            tensors["weights." + name] = parameter.detach();
        Add("optimizer.", _optimizer.SaveState());
        Add("scaler.", _scaler?.SaveState());
        Add("ema.", _ema?.SaveState());
        var stem = Path.Combine(_folder, $"epoch-{position.Epoch:0000}-step-{position.Step:000000}");
        // The state first: it is what a run goes on from, should nothing more be written.
        Safetensors.Save(stem + Ending, tensors,
            new Dictionary<string, string> { [Note] = JsonSerializer.Serialize(position, TrainLog.Json) });
        using (_ema?.Swap())
            _weights.Save(stem + (LdmWriter.IsFile(_options.OutputPath) ? Path.GetExtension(_options.OutputPath) : ""), metadata);
        Forget();
        return stem + Ending;

        void Add(string prefix, Dictionary<string, Tensor>? state)
        {
            foreach (var (name, value) in state ?? [])
                tensors[prefix + name] = value;
        }
    }

    /// <summary>Puts everything back from the newest checkpoint.</summary>
    /// <param name="settings">What the run's settings are now, to compare.</param>
    /// <returns>Where the run was; its beginning where there is no checkpoint.</returns>
    /// <exception cref="BadInputException">The checkpoint was made with other settings, or is damaged.</exception>
    public RunPosition Read(IReadOnlyDictionary<string, string> settings)
    {
        if (Latest is not { } path)
            return new RunPosition { Settings = settings };
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        if (!Safetensors.ReadMetadata(path).TryGetValue(Note, out var note)
            || JsonSerializer.Deserialize<RunPosition>(note, TrainLog.Json) is not { } position)
            throw new BadSettingException($"{path} is no checkpoint of a run; delete it, or start anew without --resume.");
        foreach (var (name, value) in settings)
        {
            if (position.Settings.TryGetValue(name, out var then) && then != value)
                throw new BadSettingException($"The checkpoint {path} was made with {name} {then}, not {value}; go on with the same "
                    + "settings, or start anew without --resume.");
        }

        var tensors = Safetensors.Load(path);
        foreach (var (name, parameter) in _weights.Named)
        {
            if (!tensors.TryGetValue("weights." + name, out var value) || !value.shape.SequenceEqual(parameter.shape))
                throw new BadSettingException(
                    $"The checkpoint {path} does not hold the weights {name}; it belongs to another run, start anew without --resume.");
            parameter.copy_(value);
        }

        _optimizer.LoadState(Part("optimizer."));
        _scaler?.LoadState(Part("scaler."));
        _ema?.LoadState(Part("ema."));
        return position;

        Dictionary<string, Tensor> Part(string prefix) =>
            tensors.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[prefix.Length..],
                pair => pair.Value);
    }

    private List<string> All() => Directory.Exists(_folder)
        ? [.. Directory.EnumerateFiles(_folder, "epoch-*" + Ending).OrderBy(StepOf)]
        : [];

    private static long StepOf(string path) =>
        long.TryParse(Path.GetFileName(path)[..^Ending.Length].Split("-step-")[^1], out var step) ? step : -1;

    private void Forget()
    {
        foreach (var unfinished in Directory.EnumerateFiles(_folder, "*.tmp")) // of a run that was killed
            File.Delete(unfinished);
        var all = All();
        foreach (var old in _options.Saving.KeepLast > 0 ? all.SkipLast(_options.Saving.KeepLast) : [])
        {
            File.Delete(old);
            var result = old[..^Ending.Length];
            File.Delete(result + ".safetensors");
            File.Delete(result + ".ckpt");
            if (Directory.Exists(result))
                Directory.Delete(result, recursive: true);
        }
    }
}

/// <summary>Where a run is.</summary>
internal sealed record RunPosition
{
    /// <summary>Optimizer steps that were made.</summary>
    public int Step { get; init; }

    /// <summary>Whole epochs that were made.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps of the next epoch that were made already.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>What every step measured.</summary>
    public IReadOnlyList<StepRecord> History { get; init; } = [];

    /// <summary>The settings that must not change when the run goes on.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

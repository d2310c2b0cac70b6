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
    private readonly RunPlace _place;
    private readonly TrainOptions _options;
    private readonly TrainedWeights _weights;
    private readonly TrainOptimizer _optimizer;
    private readonly GradScaler? _scaler;
    private readonly EmaWeights? _ema;

    /// <summary>The checkpoints of a run, in <c>checkpoints/NAME/</c> beside its output, and what they hold.</summary>
    public RunCheckpoint(TrainOptions options, TrainedWeights weights, TrainOptimizer optimizer, GradScaler? scaler, EmaWeights? ema)
    {
        (_options, _weights, _optimizer, _scaler, _ema) = (options, weights, optimizer, scaler, ema);
        _place = new RunPlace(options.OutputPath);
    }

    /// <summary>The newest checkpoint; null where there is none.</summary>
    public string? Latest => RunStates.In(_place.Checkpoints).LastOrDefault();

    /// <summary>Where the run puts encoders aside.</summary>
    public string EncodersFile => Path.Combine(_place.Checkpoints, "encoders.aside.safetensors");

    /// <summary>Whether a checkpoint belongs after an epoch, counted from 1.</summary>
    public bool IsDue(int epoch) => _options.Saving.Every > 0 && epoch % _options.Saving.Every == 0;

    /// <summary>Writes a checkpoint, and the weights beside it in the form that the run's result has; then forgets the oldest.</summary>
    /// <param name="position">Where the run is.</param>
    /// <param name="metadata">What the result notes; null writes no result, where the output itself follows.</param>
    /// <returns>The checkpoint's path.</returns>
    public string Write(RunPosition position, IReadOnlyDictionary<string, string>? metadata)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, parameter) in _weights.Named)
            tensors["weights." + name] = parameter.detach();
        Add("optimizer.", _optimizer.SaveState());
        Add("scaler.", _scaler?.SaveState());
        Add("ema.", _ema?.SaveState());
        var stem = Path.Combine(_place.Checkpoints, $"epoch-{position.Epoch:0000}-step-{position.Step:000000}");
        // The state first: it is what a run goes on from, should nothing more be written.
        RunStates.Write(stem + RunStates.Ending, position, tensors);
        if (metadata is not null)
        {
            using (_ema?.Swap())
                _weights.Save(stem + (LdmWriter.IsFile(_options.OutputPath) ? Path.GetExtension(_options.OutputPath) : ""), metadata);
        }

        Forget();
        return stem + RunStates.Ending;

        void Add(string prefix, Dictionary<string, Tensor>? state)
        {
            foreach (var (name, value) in state ?? [])
                tensors[prefix + name] = value;
        }
    }

    /// <summary>Puts everything back from a state.</summary>
    /// <exception cref="BadInputException">The state belongs to another run, or is damaged.</exception>
    public void Read(ResumePoint from)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var tensors = from.Restore(_weights);
        _optimizer.LoadState(Part("optimizer."));
        _scaler?.LoadState(Part("scaler."));
        _ema?.LoadState(Part("ema."));

        Dictionary<string, Tensor> Part(string prefix) =>
            tensors.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[prefix.Length..],
                pair => pair.Value);
    }

    private void Forget()
    {
        foreach (var unfinished in Directory.EnumerateFiles(_place.Checkpoints, "*.tmp")) // of a run that was killed
            File.Delete(unfinished);
        var all = RunStates.In(_place.Checkpoints);
        foreach (var old in _options.Saving.KeepLast > 0 ? all.SkipLast(_options.Saving.KeepLast) : [])
        {
            File.Delete(old);
            var result = old[..^RunStates.Ending.Length];
            File.Delete(result + ".safetensors");
            File.Delete(result + ".ckpt");
            if (Directory.Exists(result))
                Directory.Delete(result, recursive: true);
        }
    }
}

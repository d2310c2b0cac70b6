using System.Diagnostics;
using System.Globalization;
using NotebookKit.Checkpoints;
using NotebookKit.Tensors;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Trains one stage with one or more workers that write to the same weights without locks (Hogwild, Niu et al., 2011):
/// on small models two threads of one core each get twice the updates of one thread of two. One worker is deterministic.
/// </summary>
internal sealed class ParallelTrainer : IDisposable
{
    private const int EmaEvery = 4;
    private const double ReportSeconds = 20;
    private readonly IReadOnlyList<Learner> _learners;
    private readonly TrainerSettings _settings;
    private readonly string _checkpoint;
    private readonly FlatParameters[] _parameters;
    private readonly AdamW[] _optimizers;
    private readonly Tensor _rates;
    private readonly Tensor[] _lossSums;
    private readonly long[] _lossCounts;
    private readonly Stopwatch _clock = new();
    private RecentPace _pace = new(0, 0);
    private double _secondsBefore;
    private long _step;
    private volatile bool _stop;
    private Exception? _failure;

    /// <summary>Binds the workers' copies to one set of weights and takes up the checkpoint if there is one.</summary>
    /// <param name="learners">One per worker, alike in their parameters.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="checkpoint">The stage's checkpoint file.</param>
    public ParallelTrainer(IReadOnlyList<Learner> learners, TrainerSettings settings, string checkpoint)
    {
        this._learners = learners;
        this._settings = settings;
        this._checkpoint = checkpoint;
        _parameters = new FlatParameters[learners.Count];
        for (var w = 0; w < learners.Count; w++)
            _parameters[w] = new FlatParameters(learners[w].Parameters.Select(learned => learned.Value),
                w == 0 ? null : _parameters[0].Values);
        _rates = Rates(learners[0].Parameters);
        _optimizers = [.. _parameters.Select(p => new AdamW([new OptimizerGroup(p, 0, settings.WeightDecay, _rates)], settings.Beta1,
            settings.Beta2))];
        Average = _parameters[0].Values.clone();
        _lossSums = [.. _parameters.Select(p => zeros(1, device: p.Values.device))];
        _lossCounts = new long[learners.Count];
        if (File.Exists(checkpoint))
            Restore();
    }

    /// <summary>The averaged weights, (P); the weights themselves when the stage does not average.</summary>
    public Tensor Average { get; }

    /// <summary>Updates done by all workers together.</summary>
    public long Steps => Interlocked.Read(ref _step);

    /// <summary>Seconds trained, earlier calls counted in.</summary>
    public double Seconds => _secondsBefore + _clock.Elapsed.TotalSeconds;

    /// <summary>The averaged weights by name; the tensors look into <see cref="Average"/>.</summary>
    public Dictionary<string, Tensor> NamedAverage() =>
        _learners[0].Parameters.Zip(_parameters[0].Views(Average)).ToDictionary(pair => pair.First.Name, pair => pair.Second);

    /// <summary>Trains until the budget is used or <paramref name="cancel"/> asks to stop, and leaves a checkpoint either way.</summary>
    /// <param name="budget">How long.</param>
    /// <param name="report">Called by the first worker between two updates every twenty seconds or so, and at each checkpoint.</param>
    /// <param name="cancel">Asks all workers to stop after their current update.</param>
    /// <returns>True when the budget is used up; false when it was stopped before.</returns>
    public bool Run(Budget budget, Action<TrainerStatus> report, CancellationToken cancel)
    {
        _clock.Restart();
        _pace = new RecentPace(Steps, Seconds);
        var others = Enumerable.Range(1, _learners.Count - 1)
            .Select(w => new Thread(() => Work(w, budget, null, cancel)) { Name = $"{_settings.Stage} {w}", IsBackground = true }).ToList();
        others.ForEach(t => t.Start());
        Work(0, budget, report, cancel);
        others.ForEach(t => t.Join());
        if (_failure is not null)
            throw new InvalidOperationException($"pretraining stage '{_settings.Stage}': {TorchErrors.Sentence(_failure)}", _failure);
        _clock.Stop();
        _secondsBefore += _clock.Elapsed.TotalSeconds;
        _clock.Reset();
        if (_settings.EmaDecay == 0)
            Average.copy_(_parameters[0].Values);
        Save();
        return budget.Progress(Steps, Seconds) >= 1;
    }

    private void Work(int worker, Budget budget, Action<TrainerStatus>? report, CancellationToken cancel)
    {
        try
        {
            // The thread count belongs to the calling thread; one each when there are several.
            if (_learners.Count > 1)
                set_num_threads(1);
            using var generator = new Generator(0, _parameters[worker].Values.device);
            var nextReport = _clock.Elapsed.TotalSeconds + ReportSeconds;
            var nextSave = _clock.Elapsed.TotalSeconds + _settings.CheckpointSeconds;
            while (!_stop && !cancel.IsCancellationRequested)
            {
                var index = Interlocked.Increment(ref _step) - 1;
                var progress = budget.Progress(index, Seconds);
                if (progress >= 1)
                {
                    Interlocked.Decrement(ref _step);
                    break;
                }
                Update(worker, index, progress, generator);
                if (report is null || _clock.Elapsed.TotalSeconds < nextReport)
                    continue;
                var save = _clock.Elapsed.TotalSeconds >= nextSave;
                if (save)
                    Save();
                report(Status(budget, save));
                nextReport = _clock.Elapsed.TotalSeconds + ReportSeconds;
                if (save)
                    nextSave = _clock.Elapsed.TotalSeconds + _settings.CheckpointSeconds;
            }
        }
        catch (Exception e)
        {
            _failure ??= e;
            _stop = true;
        }
    }

    private void Update(int worker, long index, double progress, Generator generator)
    {
        using var scope = NewDisposeScope();
        var seed = Mix(_settings.Seed, _settings.Stage, index);
        generator.manual_seed((long)(seed >> 1));
        _optimizers[worker].ZeroGradient();
        var loss = _learners[worker].Loss(new TrainingStep(index, progress, new Random((int)(seed >> 33)), generator));
        loss.backward();
        using (no_grad())
            _lossSums[worker].add_(loss.detach());
        _lossCounts[worker]++;
        _optimizers[worker].Groups[0].LearningRate = _settings.Rate(index, progress);
        _optimizers[worker].Step(Math.Min(1, _settings.ClipNorm / (_optimizers[worker].GradientNorm() + 1e-6)));
        if (worker == 0 && _settings.EmaDecay > 0 && _optimizers[0].Steps % EmaEvery == 0)
            UpdateAverage();
    }

    private void UpdateAverage()
    {
        using var noGrad = no_grad();
        var steps = _optimizers[0].Steps;
        var decay = Math.Pow(Math.Min(_settings.EmaDecay, (1.0 + steps) / (10 + steps)), EmaEvery);
        Average.mul_(decay).add_(_parameters[0].Values, 1 - decay);
    }

    private TrainerStatus Status(Budget budget, bool saved)
    {
        var loss = 0.0;
        var count = 0L;
        for (var w = 0; w < _learners.Count; w++)
        {
            loss += _lossSums[w].item<float>();
            count += _lossCounts[w];
            using (no_grad())
                _lossSums[w].zero_();
            _lossCounts[w] = 0;
        }
        loss /= Math.Max(1, count);
        if (!double.IsFinite(loss))
            throw new InvalidOperationException($"the loss is no longer a number after {Steps} updates; the last checkpoint is still "
                + "good, go on from it with a lower learning rate.");
        var recent = _pace.Mark(Steps, Seconds);
        return new TrainerStatus(Steps, Seconds, budget.Progress(Steps, Seconds), loss, saved, recent, budget.Left(Steps, Seconds, recent));
    }

    private void Save()
    {
        var tensors = new Dictionary<string, Tensor> { ["values"] = _parameters[0].Values, ["average"] = Average };
        for (var w = 0; w < _optimizers.Length; w++)
        {
            foreach (var (name, value) in _optimizers[w].SaveState())
                tensors[$"optimizer.{w}.{name}"] = value;
        }

        var metadata = new Dictionary<string, string>
        {
            ["steps"] = Steps.ToString(CultureInfo.InvariantCulture),
            ["seconds"] = Seconds.ToString("R", CultureInfo.InvariantCulture),
            ["workers"] = _optimizers.Length.ToString(CultureInfo.InvariantCulture),
        };
        Safetensors.Save(_checkpoint, tensors, metadata);
    }

    private void Restore()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var device = Average.device;
        var tensors = Safetensors.Load(_checkpoint, device);
        if (tensors["values"].numel() != Average.numel())
            throw new BadInputException($"{_checkpoint} is of a model of another size; start over in another folder.");
        var metadata = Safetensors.ReadMetadata(_checkpoint);
        _parameters[0].Values.copy_(tensors["values"]);
        Average.copy_(tensors["average"]);
        var workers = int.Parse(metadata["workers"], CultureInfo.InvariantCulture);
        for (var w = 0; w < _optimizers.Length; w++)
        {
            var prefix = $"optimizer.{w % workers}."; // more workers than before start from the first ones' averages
            _optimizers[w].LoadState(tensors.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
                .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value));
        }
        _step = long.Parse(metadata["steps"], CultureInfo.InvariantCulture);
        _secondsBefore = double.Parse(metadata["seconds"], CultureInfo.InvariantCulture);
    }

    // What the learning rate is multiplied by for each weight, (P).
    private static Tensor Rates(IReadOnlyList<LearnedTensor> learned)
    {
        using var scope = NewDisposeScope();
        return cat([.. learned.Select(one =>
        {
            var rate = full(one.Value.shape, one.Rate, ScalarType.Float32, one.Value.device);
            if (one.FrozenFrom is { } row)
                rate.narrow(0, row, rate.shape[0] - row).zero_();
            return rate.reshape(-1);
        })]).MoveToOuterDisposeScope();
    }

    /// <summary>A seed for one update: FNV-1a over the stage's name, then SplitMix64.</summary>
    internal static ulong Mix(ulong seed, string stage, long index)
    {
        var hash = stage.Aggregate(14695981039346656037UL, (h, c) => (h ^ c) * 1099511628211UL);
        var z = unchecked(seed + (hash * 31) + ((ulong)(index + 1) * 0x9E3779B97F4A7C15UL));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var optimizer in _optimizers)
            optimizer.Dispose();
        foreach (var sum in _lossSums)
            sum.Dispose();
        _rates.Dispose();
        Average.Dispose();
    }
}

/// <summary>Where a stage stands.</summary>
/// <param name="Steps">Updates done by all workers together.</param>
/// <param name="Seconds">Seconds trained.</param>
/// <param name="Progress">The share of the budget that is used.</param>
/// <param name="Loss">Mean loss since the last report.</param>
/// <param name="Saved">A checkpoint was just written.</param>
/// <param name="Pace">Updates per second over the last minutes; 0 while unknown.</param>
/// <param name="Left">Seconds that the stage still needs at that pace; null while unknown.</param>
internal sealed record TrainerStatus(long Steps, double Seconds, double Progress, double Loss, bool Saved, double Pace, double? Left);

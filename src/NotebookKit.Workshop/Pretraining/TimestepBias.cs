using NotebookKit.Training.Loss;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Which timesteps the denoiser practises and how much each error counts. Layout and class are decided at high noise,
/// so the first phase goes there; the second spreads out and moves on to less noise, where eyes and edges are decided.
/// Uniform timesteps give a lower mean error and pictures that obey their captions much later.
/// </summary>
internal sealed class TimestepBias
{
    private const double FirstPhase = 0.55;
    private const double LogitSpread = 0.8;
    private const double LogitFall = 0.8; // of the mean, over the second phase
    private const double SnrLimit = 5; // min-SNR-5: Hang et al., 2023
    private readonly int _count;
    private readonly double _logitMean;
    private readonly double _begin;
    private readonly float[] _firstWeights;
    private readonly float[] _secondWeights;

    /// <summary>Prepares the tables.</summary>
    /// <param name="alphasCumprod">The schedule's ᾱ, one per timestep.</param>
    /// <param name="logitMean">Mean of the second phase's logit-normal half where the phase begins.</param>
    /// <param name="further">Whether the model has been through the first phase: then all training is of the second.</param>
    public TimestepBias(IReadOnlyList<float> alphasCumprod, double logitMean, bool further)
    {
        this._logitMean = logitMean;
        _begin = further ? FirstPhase : 0;
        _count = alphasCumprod.Count;
        _firstWeights = new float[_count];
        _secondWeights = new float[_count];
        using var scope = NewDisposeScope();
        var minSnrs = DenoisingLoss.MinSnr(tensor(alphasCumprod.ToArray(), ScalarType.Float64), SnrLimit).data<double>().ToArray();
        for (var t = 0; t < _count; t++)
        {
            var (alpha, minSnr) = ((double)alphasCumprod[t], minSnrs[t]);
            _firstWeights[t] = (float)(minSnr * Math.Min(1 / alpha, 8));
            _secondWeights[t] = (float)(minSnr * Math.Sqrt(Math.Min(1 / alpha, 6)));
        }
    }

    /// <summary>Draws timesteps with their weights.</summary>
    /// <param name="size">How many.</param>
    /// <param name="progress">The share of training that is done.</param>
    /// <param name="random">Decides.</param>
    public (long[] Timesteps, float[] Weights) Draw(int size, double progress, Random random)
    {
        var timesteps = new long[size];
        var weights = new float[size];
        progress = _begin + ((1 - _begin) * progress);
        var first = progress < FirstPhase;
        var mean = _logitMean - (LogitFall * (progress - FirstPhase) / (1 - FirstPhase));
        for (var i = 0; i < size; i++)
        {
            var t = first ? Early(random) : Late(mean, random);
            timesteps[i] = t;
            weights[i] = (first ? _firstWeights : _secondWeights)[t];
        }
        return (timesteps, weights);
    }

    private int Early(Random random)
    {
        while (true)
        {
            var t = random.Next(_count);
            var density = 0.25 + Math.Clamp(((t / (double)_count) - 0.15) / 0.3, 0, 1);
            if (random.NextDouble() * 1.25 < density)
                return t;
        }
    }

    private int Late(double mean, Random random)
    {
        if (random.Next(2) == 0)
            return random.Next(_count);
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var share = 1 / (1 + Math.Exp(-(mean + (LogitSpread * normal))));
        return Math.Min(_count - 1, (int)(share * _count));
    }
}

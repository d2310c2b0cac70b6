using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Torch;
using NotebookKit.Training.Optimizers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>
/// Two training steps of the real model, with the real adapters and the real autograd, on the device <c>meta</c>, whose
/// tensors have shapes and no memory. What they would hold is counted as on a real device, so every part of the topology,
/// every tensor kept for backward and every temporary is in the figure, and it takes no memory and hardly any time.
/// </summary>
internal sealed class TrainingRehearsal : IDisposable
{
    private const int TextLength = 77;
    private static readonly Device Meta = new("meta");

    private readonly ModelShape _shape;
    private readonly MemoryPlan _plan;
    private readonly long _before;
    private readonly StableDiffusion _sd;
    private readonly List<Parameter> _trained = [];
    private readonly List<Action> _undo = [];
    private readonly int _size;
    private LoraNetwork? _network;
    private Parameter? _word;

    private TrainingRehearsal(ModelShape shape, MemoryPlan plan)
    {
        plan.Validate(shape);
        TorchExtras.PrepareRehearsal();
        (_shape, _plan) = (shape, plan);
        _size = plan.Size ?? shape.SampleSize;
        _before = Now;
        TorchExtras.ResetPeakMemory(Meta);
        using var onMeta = new SkipInitialisation(Meta, plan.DType);
        _sd = shape.Create(plan.DType);
    }

    /// <summary>Rehearses a plan.</summary>
    /// <param name="shape">The base.</param>
    /// <param name="plan">The settings.</param>
    /// <exception cref="BadInputException">A setting is out of range.</exception>
    public static MemoryBytes Run(ModelShape shape, MemoryPlan plan)
    {
        using var attention = ScaledDotProduct.Rehearse(plan.FusedAttention, plan.AttentionSlicing);
        using var scope = NewDisposeScope();
        using var rehearsal = new TrainingRehearsal(shape, plan);
        return rehearsal.Run();
    }

    private static long Now => TorchExtras.TensorBytes(Meta)!.Value.Now;

    private int PaintedAtOnce => ClassImageSet.AtOnce(_shape.SampleSize, _size, _size);

    private int Pictures => _plan.Batch * (_plan.WithClass ? 2 : 1);

    /// <inheritdoc/>
    public void Dispose()
    {
        _undo.ForEach(undo => undo());
        _network?.Dispose();
        _word?.Dispose();
        _sd.Dispose();
    }

    private MemoryBytes Run()
    {
        foreach (var parameter in Everything())
            parameter.requires_grad_(false);
        Paint(_plan.Painted, PaintedAtOnce);
        var start = Now;
        var (latents, states) = Encode();
        var caches = Now - start;
        Thaw();
        _sd.UNet.GradientCheckpointing = _sd.TextEncoder.GradientCheckpointing = _plan.Checkpointing;
        using var masters = new MasterWeights(_trained);
        var moved = _trained.Select(masters.Of).ToList();
        var moment = _plan.FreeEncoders ? Free() : [];
        var weights = Everything().Concat(_trained).Distinct<Tensor>(ReferenceEqualityComparer.Instance).Sum(Bytes);

        var between = Now;
        var state = Room(moved.Sum(parameter => OptimizerMemory.StateBytes(_plan.Optimizer, parameter)) + (_plan.Ema ? 4 * _trained.Sum(parameter => parameter.numel()) : 0));
        var optimizer = Now - between + moved.Zip(_trained).Where(pair => !ReferenceEquals(pair.First, pair.Second)).Sum(pair => Bytes(pair.First));
        using var noising = new DDPMScheduler(_sd.SchedulerConfig);
        for (var step = 0; step < 2; step++)
        {
            for (var micro = 0; micro < Math.Min(2, _plan.Accumulation); micro++)
                Accumulate(noising, latents, states);
            masters.TakeGradients();
            using (Room(OptimizerMemory.StepBytes(_plan.Optimizer, moved, _plan.OnGpu)))
            {
                foreach (var parameter in _trained.Concat(moved))
                    parameter.grad = null;
            }
        }

        // Samples and saving bring the encoders back, when there is nothing of a step.
        foreach (var (parameter, shape) in moment)
            parameter.set_data(empty(shape, parameter.dtype, Meta));
        Paint(_plan.Samples, _plan.Samples);
        if (_plan.Method is TrainMethod.DreamBooth or TrainMethod.Imagic)
            Room(2 * Everything().Max(parameter => parameter.numel())).Dispose(); // a whole model is saved tensor by tensor, in half precision
        state.Dispose();
        var gradients = _trained.Sum(Bytes);
        var peak = TorchExtras.TensorBytes(Meta)!.Value.Peak - _before;
        return new MemoryBytes(weights, gradients, optimizer, Math.Max(0, peak - weights - gradients - optimizer - caches), caches);
    }

    // What the pictures and the prompt become once; on a GPU the pictures' latents wait in RAM.
    private (Tensor Latents, Tensor States) Encode()
    {
        using var grad = no_grad();
        var side = _size / _shape.Vae.Factor;
        EncodePicture();
        if (!_plan.OnGpu)
            _ = empty([2, _plan.Pictures, _shape.UNet.InChannels, side, side], ScalarType.Float32, Meta);
        Tensor states;
        using (var scope = NewDisposeScope())
            states = _sd.EncodePrompts(["a"]).MoveToOuterDisposeScope();
        _ = empty([Math.Max(0, _plan.Prompts - 1), .. states.shape[1..]], _plan.DType, Meta);
        return (empty([Pictures, _shape.UNet.InChannels, side, side], ScalarType.Float32, Meta), states);
    }

    private void Thaw()
    {
        switch (_plan.Method)
        {
            case TrainMethod.Lora or TrainMethod.LoraExtended:
                _network = LoraNetwork.Inject(_sd.UNet, _plan.TextEncoder ? _sd.TextEncoder : null, new LoraOptions
                {
                    Rank = _plan.Rank,
                    ConvRank = _plan.ConvRank,
                    Dropout = _plan.LoraDropout,
                    Dora = _plan.Dora,
                    Targets = _plan.Targets ?? (_plan.Method == TrainMethod.LoraExtended ? LoraTargets.Extended : LoraTargets.Attention),
                });
                _trained.AddRange(_network.Parameters);
                break;
            case TrainMethod.TextualInversion:
                // The word's vector goes into the sum of embeddings wherever it stands.
                _word = new Parameter(empty([1, 1, _shape.Text.HiddenSize], ScalarType.Float32, Meta));
                _trained.Add(_word);
                _undo.Add(_sd.TextEncoder.TextModel.Embeddings.register_forward_hook((_, _, embedded) => embedded + _word.to(embedded.dtype)).remove);
                break;
            default:
                _trained.AddRange(_sd.UNet.parameters());
                if (_plan.TextEncoder && _plan.Method == TrainMethod.DreamBooth)
                    _trained.AddRange(_sd.TextEncoder.parameters());
                break;
        }

        foreach (var parameter in _trained)
            parameter.requires_grad_(true);
    }

    private void Accumulate(DDPMScheduler noising, Tensor latents, Tensor states)
    {
        using var scope = NewDisposeScope();
        if (_plan.RandomCrop)
            EncodePicture();
        var noise = empty_like(latents);
        var timesteps = zeros([Pictures], ScalarType.Int64, Meta);
        var context = _plan.TextLearns ? _sd.EncodePrompts([.. Enumerable.Repeat("a", Pictures)]) : cat([.. Enumerable.Repeat(states, Pictures)]); // (B, 77, D)
        var noisy = noising.AddNoise(latents.alias(), noise, timesteps).to(_plan.DType);
        var error = (_sd.UNet.call(noisy, timesteps, context) - noise).square().mean([1, 2, 3]); // (B)
        (error.mean() / _plan.Accumulation).backward();
    }

    private void EncodePicture()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var encoded = _sd.Vae.Encode(empty([1, _shape.Vae.InChannels, _size, _size], _plan.DType, Meta));
        _ = encoded.Std * _shape.Vae.ScalingFactor;
    }

    // Class images and samples: a step of the sampler with guidance, and one picture decoded.
    private void Paint(int count, int most)
    {
        if (count == 0)
            return;
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var side = _size / _shape.Vae.Factor;
        var atOnce = Math.Min(Math.Min(count, most), Math.Clamp(64 * 64 / (side * side), 1, 16)); // as the sampler has it
        var latents = empty([atOnce, _shape.UNet.InChannels, side, side], ScalarType.Float32, Meta);
        var context = _sd.EncodePrompts([.. Enumerable.Repeat("a", 2 * atOnce)]);
        using (var step = NewDisposeScope())
        {
            var both = _sd.UNet.call(cat([latents, latents]).to(_plan.DType), zeros([2 * atOnce], ScalarType.Int64, Meta), context).to(ScalarType.Float32);
            _ = both * 2;
        }

        _ = _sd.Vae.Decode(latents.narrow(0, 0, 1).to(_plan.DType));
    }

    // What was put aside, and its shapes.
    private List<(Parameter Parameter, long[] Shape)> Free()
    {
        var parts = new List<nn.Module>();
        if (!_plan.RandomCrop)
            parts.Add(_sd.Vae);
        if (!_plan.TextLearns && !_plan.ShuffleCaptions)
            parts.Add(_sd.TextEncoder);
        var freed = parts.SelectMany(part => part.parameters()).Select(parameter => (parameter, parameter.shape)).ToList();
        foreach (var (parameter, _) in freed)
            parameter.set_data(empty([0], parameter.dtype, Meta));
        return freed;
    }

    private IEnumerable<Parameter> Everything() => _sd.UNet.parameters().Concat(_sd.TextEncoder.parameters()).Concat(_sd.Vae.parameters());

    private static Tensor Room(long bytes) => empty([bytes], ScalarType.Byte, Meta);

    private static long Bytes(Tensor tensor) => tensor.numel() * tensor.element_size();
}

using NotebookKit.Pipeline;
using NotebookKit.Text;
using NotebookKit.Training.Data;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>
/// What a run's tensors hold at its peak, counted from the models' shapes: the run from loading the base to saving the
/// result, written down on a <see cref="MemoryTape"/> as <see cref="DreamBoothTrainer"/> goes through it.
/// </summary>
internal sealed class MemoryCount
{
    private const int Float = 4;

    private readonly ModelShape _shape;
    private readonly MemoryPlan _plan;
    private readonly MemoryTape _tape = new();
    private readonly CountedParameters _trained;
    private readonly int _size; // bytes of a number of the base's type
    private readonly int _side; // of the pictures in pixels

    private MemoryCount(ModelShape shape, MemoryPlan plan)
    {
        plan.Validate(shape);
        (_shape, _plan) = (shape, plan);
        _trained = new CountedParameters(shape, plan);
        _size = plan.DType == ScalarType.Float32 ? Float : 2;
        _side = plan.Options.Images.Size ?? shape.SampleSize;
    }

    private int Latents => _side / _shape.Vae.Factor;

    private int Pictures => _plan.Batch * (_plan.WithClass ? 2 : 1);

    private long Trained => _trained.OfTheBase ? _size * _trained.Learning : Float * _trained.Learning;

    /// <summary>Counts a plan.</summary>
    /// <param name="shape">The base.</param>
    /// <param name="plan">The settings.</param>
    /// <exception cref="BadInputException">A setting is out of range.</exception>
    public static MemoryBytes Of(ModelShape shape, MemoryPlan plan)
    {
        var count = new MemoryCount(shape, plan);
        count.Run();
        return MemoryBytes.Of(count._tape.AtPeak);
    }

    private void Run()
    {
        _tape.Hold(MemoryPart.UNet, _size * _trained.UNet);
        var text = _tape.Hold(MemoryPart.TextEncoder, _size * _trained.TextEncoder);
        var vae = _tape.Hold(MemoryPart.Vae, _size * _trained.Vae);
        var bare = Layers(CountedParameters.Nothing);
        new CountedVae(bare, _shape.Vae).Encode(_side);
        Paint(Math.Min(_plan.Painted, ClassImageSet.AtOnce(_shape.SampleSize, _side, _side)));
        Caches(bare);

        Attach();
        States();
        if (_plan.SampleRow > 0)
            Paint(_plan.SampleRow, folded: true);
        if (_plan.Options.Memory.FreeEncoders && !_plan.Options.Images.RandomCrop)
            _tape.Free(vae);
        if (_plan.Options.Memory.FreeEncoders && !_plan.TextLearns && !_plan.Options.Images.ShuffleCaptions)
            _tape.Free(text);
        Step();
        if (_trained.OfTheBase && _size != Float)
            _tape.Moment(Float * Math.Min(_trained.Learning, TrainOptimizer.GpuPiece)); // the gradient's length is taken in float32
        _tape.Moment(OptimizerMemory.StepBytes(_plan.Options.Learning.Optimizer, _trained.Shapes, _plan.OnGpu));

        // Samples and saving bring the encoders back.
        if (vae.Disposed)
            _tape.Hold(MemoryPart.Vae, _size * _trained.Vae);
        if (text.Disposed)
            _tape.Hold(MemoryPart.TextEncoder, _size * _trained.TextEncoder);
        if (_plan.SampleRow > 0)
            Paint(_plan.SampleRow, folded: true);
        Save();
    }

    private CountedLayers Layers(CountedParameters trained) => new(_tape, trained, _size)
    {
        Fused = _plan.FusedAttention,
        Threads = _plan.OnGpu ? 0 : get_num_threads(),
    };

    // What the pictures and the prompts become once; on a GPU the pictures' latents wait in RAM.
    private void Caches(CountedLayers bare)
    {
        if (!_plan.OnGpu)
            _tape.Hold(MemoryPart.Caches, 2L * _plan.Pictures * _shape.UNet.InChannels * Latents * Latents * Float);
        if (_plan.TextLearns)
            return;
        Free(new CountedTextEncoder(bare, _shape.Text, checkpointing: false).Call(1, word: false));
        _tape.Hold(MemoryPart.Caches, (long)_plan.Prompts * ClipTokenizer.ModelMaxLength * _shape.Text.HiddenSize * _size);
    }

    // Everything that learns is laid out in one vector, with one of gradients beside it.
    private void Attach()
    {
        if (!_trained.OfTheBase)
            _tape.Hold(MemoryPart.Beside, Trained);
        _tape.Hold(MemoryPart.Gradients, Trained);
        _tape.Moment(Trained); // the vector, while the weights that move into it are still there
        if (_trained.OfTheBase && _size != Float)
            _tape.Hold(MemoryPart.Masters, Float * _trained.Learning);
    }

    private void States()
    {
        _tape.Hold(MemoryPart.OptimizerStates, OptimizerMemory.StateBytes(_plan.Options.Learning.Optimizer, _trained.Shapes));
        if (_plan.KeepsAverage)
            _tape.Hold(MemoryPart.MovingAverage, Float * _trained.Learning);
    }

    private void Step()
    {
        var layers = Layers(_trained);
        _tape.Scope(() =>
        {
            if (_plan.Options.Images.RandomCrop)
                new CountedVae(layers, _shape.Vae).Encode(_side);
            var count = (long)Pictures * _shape.UNet.InChannels * Latents * Latents;
            var (latents, noise) = (layers.Input(count, float32: true), layers.Input(count, float32: true));
            _tape.Recording = true;
            var context = _plan.TextLearns
                ? new CountedTextEncoder(layers, _shape.Text, _plan.Options.Memory.GradientCheckpointing).Call(Pictures,
                    _plan.Options.Method == TrainMethod.TextualInversion)
                : layers.Input((long)Pictures * ClipTokenizer.ModelMaxLength * _shape.Text.HiddenSize);
            var guess = new CountedUNet(layers, _shape.UNet, _plan.Options.Memory.GradientCheckpointing).Call(layers.Copy(latents, _size),
                context, Pictures);
            var loss = layers.Activation(_tape.Sum(layers.Copy(guess, Float), noise)); // the square keeps the difference
            _tape.Backward(loss);
            _tape.Recording = false;
            return loss;
        });
    }

    // Class images and samples: a step of the sampler with guidance, and one picture decoded.
    private void Paint(int most, bool folded = false)
    {
        if (most == 0)
            return;
        // Adapters of small layers are added into a copy of their weight meanwhile.
        var copies = _tape.Hold(MemoryPart.Momentary, folded ? Float * _trained.Folded : 0);
        // A GPU draws a batch, a CPU one picture, or of a miniature small ones side by side, a few on each core.
        var beside = !_plan.OnGpu && _shape.UNet.IsMiniature && Latents * Latents <= Sampler.LargestSideBySide;
        var batch = _plan.OnGpu ? Math.Min(most, Math.Clamp(64 * 64 / (Latents * Latents), 1, 16)) : beside
            ? Sampler.AtOnce(most, get_num_threads()) : 1;
        var threads = beside ? Math.Min((most + batch - 1) / batch, get_num_threads()) : 1;
        var alone = new MemoryTape();
        var layers = new CountedLayers(alone, CountedParameters.Nothing, _size)
        {
            Fused = _plan.FusedAttention,
            Threads = _plan.OnGpu ? 0 : threads > 1 ? 1 : get_num_threads()
        };
        alone.Scope(() =>
        {
            var latents = layers.Input((long)batch * _shape.UNet.InChannels * Latents * Latents, float32: true);
            new CountedTextEncoder(layers, _shape.Text, checkpointing: false).Call(2, word: false);
            var context = layers.Input(2L * batch * ClipTokenizer.ModelMaxLength * _shape.Text.HiddenSize);
            alone.Free(new CountedUNet(layers, _shape.UNet, checkpointing: false).Call(layers.Input(2 * latents.Count), context,
                2 * batch));
            new CountedVae(layers, _shape.Vae).Decode(Latents);
            return latents;
        });
        _tape.Moment(threads * alone.Peak);
        Free(copies);
    }

    private void Save()
    {
        if (_trained.OfTheBase)
        {
            _tape.Moment(2 * _trained.Largest); // tensor by tensor, in half precision
            return;
        }

        // A LoRA is read back, attached, and asked for the same prediction.
        if (_plan.Options.Method == TrainMethod.TextualInversion)
            return;
        var again = _tape.Hold(MemoryPart.Momentary, 2 * Trained); // the file, and the adapters made of it
        var (layers, side) = (Layers(_trained), Math.Min(_shape.UNet.SampleSize ?? 64, 32));
        Free(_tape.Scope(() => new CountedUNet(layers, _shape.UNet, checkpointing: false).Call(
            layers.Input((long)_shape.UNet.InChannels * side * side),
            layers.Input((long)ClipTokenizer.ModelMaxLength * _shape.Text.HiddenSize), 1)));
        Free(again);
    }

    private void Free(Counted tensor) => _tape.Free(tensor);
}

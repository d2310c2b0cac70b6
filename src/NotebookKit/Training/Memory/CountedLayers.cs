using NotebookKit.Lora.Adapters;

namespace NotebookKit.Training.Memory;

/// <summary>
/// The layers that the networks are built of, as a <see cref="MemoryTape"/> takes them: what each keeps for backward, and
/// the room it needs for a moment. Tensors are told by their sizes alone, so a layer is told the channels.
/// </summary>
/// <param name="tape">Where it is written down.</param>
/// <param name="trained">What learns.</param>
/// <param name="size">Bytes of a number of the base's type.</param>
internal sealed class CountedLayers(MemoryTape tape, CountedParameters trained, int size)
{
    private const int Float = 4;

    /// <summary>Where it is written down.</summary>
    public MemoryTape Tape => tape;

    /// <summary>Bytes of a number of the base's type.</summary>
    public int Size => size;

    /// <summary>Whether attention keeps no scores.</summary>
    public bool Fused { get; init; } = true;

    /// <summary>Threads that each have a block of the scores to compute with; 0 on a GPU, where they lie in its registers.</summary>
    public int Threads { get; init; }

    /// <summary>A tensor that comes from outside.</summary>
    public Counted Input(long count, bool float32 = false) => tape.Make(count, float32 ? Float : size);

    /// <summary>Group or layer norm: keeps its input, and a mean and a deviation of each group.</summary>
    /// <param name="path">The layer's name.</param>
    /// <param name="x">Its input.</param>
    /// <param name="groups">How many means it takes.</param>
    public Counted Norm(string path, Counted x, long groups)
    {
        var part = tape.Part;
        tape.Part = part == MemoryPart.TextEncoderLayers ? part : MemoryPart.Norms;
        var statistics = tape.Make(2 * groups, size);
        var y = tape.Apply([x], x.Count, size, [x, statistics], new OperationWork { Learns = trained.Contains(path) });
        tape.Part = part;
        tape.Free(statistics);
        return y;
    }

    /// <summary>Whether a layer's own weight learns.</summary>
    public bool Learns(string path) => trained.Contains(path);

    /// <summary>SiLU or GELU: keeps its input.</summary>
    public Counted Activation(Counted x) => tape.Apply([x], x.Count, x.Size, [x]);

    /// <summary>SiLU that is written over its input where nothing is recorded.</summary>
    public Counted FreshActivation(Counted fresh) => tape.Recording ? Activation(fresh) : fresh;

    /// <summary>A sum that is written over its first term where nothing is recorded.</summary>
    public Counted FreshSum(Counted fresh, Counted other) => tape.Recording ? tape.Sum(fresh, other) : fresh;

    /// <summary>The sigmoid: keeps its result, from which its derivative is computed.</summary>
    public Counted Sigmoid(Counted x)
    {
        var y = tape.Make(x.Count, x.Size);
        return tape.View(y, [x], [y], default);
    }

    /// <summary>A product of two tensors: keeps both.</summary>
    public Counted Product(Counted one, Counted other) => tape.Apply([one, other], one.Count, one.Size, [one, other]);

    /// <summary>A product with a number: keeps nothing.</summary>
    public Counted Scaled(Counted x) => tape.Apply([x], x.Count, x.Size, []);

    /// <summary>A copy in another order or type, or joined with another: keeps nothing.</summary>
    public Counted Copy(Counted x, int? toSize = null) => tape.Apply([x], x.Count, toSize ?? x.Size, []);

    /// <summary>A matrix: keeps its input only where it learns itself. Its adapter comes after it.</summary>
    /// <param name="path">The layer's name.</param>
    /// <param name="x">(…, inputs).</param>
    /// <param name="inputs">Width of the input.</param>
    /// <param name="outputs">Width of the output.</param>
    public Counted Linear(string path, Counted x, long inputs, long outputs) =>
        Adapted(path, x, () => Matrix(x, inputs, outputs, size, trained.Contains(path)), inputs, outputs, null);

    /// <summary>A convolution: keeps its input, whether it learns or not.</summary>
    /// <param name="path">The layer's name.</param>
    /// <param name="x">(B, inputs, H, W).</param>
    /// <param name="inputs">Channels of the input.</param>
    /// <param name="outputs">Channels of the output.</param>
    /// <param name="kernel">Side of the kernel.</param>
    /// <param name="stride">By how much the picture shrinks.</param>
    public Counted Conv(string path, Counted x, long inputs, long outputs, int kernel = 3, int stride = 1) =>
        Adapted(path, x, () => Convolve(x, inputs, outputs, kernel, stride, size, trained.Contains(path)), inputs, outputs,
            (kernel, stride));

    /// <summary>
    /// softmax(QKᵀ/√d)·V: keeps the queries, keys, values and the result, and a number for each row of scores. The scores
    /// themselves it computes block by block, and again in backward; where it is not fused, it keeps them.
    /// </summary>
    /// <param name="q">(B, L, C).</param>
    /// <param name="k">(B, S, C).</param>
    /// <param name="v">(B, S, C).</param>
    /// <param name="batch">B.</param>
    /// <param name="width">C.</param>
    /// <param name="heads">Over how many heads.</param>
    public Counted Attend(Counted q, Counted k, Counted v, long batch, long width, long heads)
    {
        var (length, context) = (q.Count / batch / width, k.Count / batch / width);
        if (!Fused)
        {
            var (ofQuery, ofKey, ofValue) = (Copy(q, Float), Copy(k, Float), Copy(v, Float)); // head by head, in float32
            var scores = tape.Apply([ofQuery, ofKey], batch * heads * length * context, Float, [ofQuery, ofKey]);
            var shares = tape.Make(scores.Count, Float);
            shares = tape.View(shares, [scores], [shares], default);
            var joined = tape.Apply([shares, ofValue], q.Count, Float, [shares, ofValue]);
            foreach (var inside in new[] { ofQuery, ofKey, ofValue, scores, shares })
                tape.Free(inside); // no dispose scope of ours sees them
            return Copy(joined, size);
        }

        // libtorch's blocks: 32, 64 or 256 queries by up to 512 keys for each thread.
        var (rows, columns) = (Math.Min(length, length >= 768 ? 256 : length >= 192 ? 64 : 32), Math.Min(context, 512));
        var block = Threads * rows * columns * Float;
        var sums = tape.Make(batch * heads * length, Float);
        var result = tape.Make(q.Count, size);
        tape.Moment(block);
        // What is kept includes the result, so it is a view of what the operation made.
        var output = tape.View(result, [q, k, v], [q, k, v, result, sums], new OperationWork { Backward = 2 * block });
        tape.Free(sums);
        return output;
    }

    private Counted Matrix(Counted x, long inputs, long outputs, int numberSize, bool learns) => tape.Apply(
        [x], x.Count / inputs * outputs, numberSize, learns ? [x] : [],
        new OperationWork { Learns = learns, Backward = learns ? inputs * outputs * numberSize : 0 });

    private Counted Convolve(Counted x, long inputs, long outputs, int kernel, int stride, int numberSize, bool learns)
    {
        var weight = inputs * outputs * kernel * kernel * numberSize;
        return tape.Apply([x], x.Count / inputs * outputs / (stride * stride), numberSize, [x], new OperationWork
        {
            Learns = learns,
            // oneDNN, and cuDNN likewise, work on input and weight in an order of their own.
            Forward = x.Bytes + weight,
            Backward = x.Bytes + (learns ? 2 : 1) * weight,
        });
    }

    private Counted Adapted(string path, Counted x, Func<Counted> own, long inputs, long outputs, (int Side, int Stride)? kernel)
    {
        if (trained.RankOf(path) is not { } rank)
            return own();
        var part = tape.Part;
        if (tape.InStep && size == Float && !trained.Dropout && Weight(inputs, outputs, kernel) <= AdaptedLayer.LargestSummed)
            return Summed(x, inputs, outputs, kernel);
        var y = own();
        tape.Part = part == MemoryPart.TextEncoderLayers ? part : MemoryPart.Adapters;
        var input = size == Float ? x : Copy(x, Float); // the adapter is float32 beside a half-precision base
        var share = trained.Dora ? Layer(input, Change(inputs, outputs, kernel), inputs, outputs, kernel)
            : LowRank(input, inputs, outputs, rank, kernel);
        if (size != Float)
            share = Copy(share, size);
        y = tape.Sum(y, share);
        tape.Part = part;
        return y;
    }

    // up(down(x)): down keeps the input, up the few numbers that come through.
    private Counted LowRank(Counted x, long inputs, long outputs, long rank, (int Side, int Stride)? kernel)
    {
        var squeezed = kernel is { } of ? Convolve(x, inputs, rank, of.Side, of.Stride, Float, true) : Matrix(x, inputs, rank, Float, true);
        if (trained.Dropout && tape.InStep)
            squeezed = tape.Apply([squeezed], squeezed.Count, Float, [tape.Make(squeezed.Count, 1)]);
        return kernel is null ? Matrix(squeezed, rank, outputs, Float, true) : Convolve(squeezed, rank, outputs, 1, 1, Float, true);
    }

    // A small layer computes once, with the sum of its weight and the change: that sum is kept, and has a gradient.
    private Counted Summed(Counted x, long inputs, long outputs, (int Side, int Stride)? kernel)
    {
        var weight = trained.Dora
            ? Copy(Change(inputs, outputs, kernel))
            : tape.Apply([], Weight(inputs, outputs, kernel), Float, [], new OperationWork { Learns = true });
        return Layer(x, weight, inputs, outputs, kernel);
    }

    // DoRA puts the whole changed weight together, and keeps it before it is brought to its length.
    private Counted Change(long inputs, long outputs, (int Side, int Stride)? kernel)
    {
        var count = Weight(inputs, outputs, kernel);
        var product = Scaled(tape.Apply([], count, Float, [], new OperationWork { Learns = true }));
        if (size != Float)
            tape.Make(count, Float); // the base's weight in float32
        var moved = Copy(product);
        tape.Make(count, Float); // its squares, whose sum is the length
        return Copy(tape.Apply([moved], count, Float, [moved]));
    }

    // The layer's own arithmetic with a weight that has a gradient: both factors are kept.
    private Counted Layer(Counted x, Counted weight, long inputs, long outputs, (int Side, int Stride)? kernel)
    {
        var stride = kernel?.Stride ?? 1;
        var order = kernel is null ? 0 : x.Bytes + weight.Bytes;
        return tape.Apply([x, weight], x.Count / inputs * outputs / (stride * stride), Float, [x, weight],
            new OperationWork { Forward = order, Backward = order });
    }

    private static long Weight(long inputs, long outputs, (int Side, int Stride)? kernel) =>
        inputs * outputs * (kernel?.Side ?? 1) * (kernel?.Side ?? 1);
}

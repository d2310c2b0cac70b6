
namespace NotebookKit.Training.Memory;

/// <summary>
/// A run of a network in which tensors are only their sizes: what lives when, what autograd keeps for backward, and when
/// backward lets go of it. It follows three rules: a tensor lives until its dispose scope ends and nothing keeps it; an
/// operation keeps what its derivative is computed from, and only where something before it or in it learns; backward goes
/// the same way back, with a gradient in place of each result.
/// </summary>
internal sealed class MemoryTape
{
    private readonly List<Step> _steps = [];
    private readonly long[] _held = new long[Enum.GetValues<MemoryPart>().Length];
    private readonly Stack<List<Counted>> _scopes = new([[]]);
    private bool _willRepeat;

    /// <summary>Whether backward will follow: without it nothing is kept.</summary>
    public bool Recording { get; set; }

    /// <summary>Whether a training step is computed: recorded, or to be computed again.</summary>
    public bool InStep => Recording || _willRepeat;

    /// <summary>Whose activations are counted now.</summary>
    public MemoryPart Part { get; set; } = MemoryPart.Momentary;

    /// <summary>The most that was held at once, by part.</summary>
    public IReadOnlyList<long> AtPeak { get; private set; } = [];

    /// <summary>The most that was held at once.</summary>
    public long Peak { get; private set; }

    private long Now { get; set; }

    /// <summary>A tensor that lives until <see cref="Free"/>, whatever the scope.</summary>
    public Counted Hold(MemoryPart part, long bytes)
    {
        var tensor = new Counted(bytes, 1) { Part = part, Lives = 1 };
        Add(part, bytes);
        return tensor;
    }

    /// <summary>A tensor of the current scope.</summary>
    /// <param name="count">How many numbers it has.</param>
    /// <param name="size">Bytes of each.</param>
    public Counted Make(long count, int size)
    {
        var tensor = Hold(MemoryPart.Momentary, count * size);
        (tensor.Count, tensor.Size) = (count, size);
        _scopes.Peek().Add(tensor);
        return tensor;
    }

    /// <summary>Room that is needed for a moment, and given back at once.</summary>
    public void Moment(long bytes)
    {
        Add(MemoryPart.Momentary, bytes);
        Add(MemoryPart.Momentary, -bytes);
    }

    /// <summary>Ends a tensor's life in its scope, as Dispose does; what is kept for backward stays.</summary>
    public void Free(Counted tensor)
    {
        if (tensor.Disposed)
            return;
        tensor.Disposed = true;
        Release(tensor);
    }

    /// <summary>Runs the body of a forward in a dispose scope of its own; its result moves to the scope outside.</summary>
    public Counted Scope(Func<Counted> forward)
    {
        _scopes.Push([]);
        var result = forward();
        var inner = _scopes.Pop();
        if (inner.Remove(result))
            _scopes.Peek().Add(result);
        inner.ForEach(Free);
        return result;
    }

    /// <summary>An operation.</summary>
    /// <param name="inputs">Tensors that gradients flow to, where they learn.</param>
    /// <param name="count">Numbers of the result.</param>
    /// <param name="size">Bytes of each.</param>
    /// <param name="kept">What its derivative needs.</param>
    /// <param name="work">What the rest of it costs.</param>
    public Counted Apply(Counted[] inputs, long count, int size, Counted[] kept, OperationWork work = default)
    {
        var output = Make(count, size);
        Moment(work.Forward);
        Record(inputs, output, kept, work);
        return output;
    }

    /// <summary>Makes a tensor that is there the result of an operation, for one that keeps its own result.</summary>
    public Counted View(Counted output, Counted[] inputs, Counted[] kept, OperationWork work)
    {
        Record(inputs, output, kept, work);
        return output;
    }

    /// <summary>A sum: keeps nothing, and hands its gradient on as it is.</summary>
    public Counted Sum(Counted one, Counted other)
    {
        var output = Make(Math.Max(one.Count, other.Count), one.Size);
        Record([one, other], output, [], new OperationWork { PassesGradient = true });
        return output;
    }

    /// <summary>
    /// Gradient checkpointing: the body computes without recording, its inputs are kept, and on the way back it computes
    /// again, recording, and goes back through that.
    /// </summary>
    public Counted Checkpoint(Func<Counted> body, params Counted[] inputs)
    {
        if (!Recording)
            return body();
        (Recording, _willRepeat) = (false, true);
        var output = Scope(body);
        (Recording, _willRepeat) = (true, false);
        // TorchSharp keeps an empty tensor like the result beside it, until the scope outside ends.
        Make(output.Count, output.Size);
        output.Learns = true; // even where nothing inside does: it is found out on the way back
        Part = MemoryPart.Checkpoints;
        Keep(inputs);
        _steps.Add(new Step(inputs, output, inputs, default) { Again = body });
        return output;
    }

    /// <summary>Goes back from the last result to the first that learns.</summary>
    public void Backward(Counted last)
    {
        Give(last, new Gradient(last.Bytes), true);
        BackTo(0);
    }

    private void BackTo(int start)
    {
        while (_steps.Count > start)
        {
            var step = _steps[^1];
            _steps.RemoveAt(_steps.Count - 1);
            if (step.Output.Gradient is { } gradient)
            {
                if (step.Again is { } body)
                    Repeat(step, body, gradient);
                else
                    GoBack(step, gradient);
                Drop(gradient);
                step.Output.Gradient = null;
            }

            foreach (var kept in step.Kept)
                Release(kept);
        }
    }

    private void GoBack(Step step, Gradient gradient)
    {
        foreach (var input in step.Inputs.Where(input => input.Learns))
            Give(input, step.Work.PassesGradient && input.Bytes == gradient.Bytes ? gradient : new Gradient(input.Bytes),
                !step.Work.PassesGradient || input.Bytes != gradient.Bytes);
        Moment(step.Work.Backward);
    }

    private void Repeat(Step step, Func<Counted> body, Gradient gradient)
    {
        var start = _steps.Count;
        Recording = true;
        _scopes.Push([]);
        var again = body();
        if (again.Learns)
        {
            Give(again, gradient, false);
            BackTo(start);
        }

        _scopes.Pop().ForEach(Free);
    }

    // The gradient of a tensor that is used twice is a sum.
    private void Give(Counted tensor, Gradient gradient, bool fresh)
    {
        if (fresh)
            Add(MemoryPart.Momentary, gradient.Bytes);
        gradient.Holders++;
        if (tensor.Gradient is not { } before)
        {
            tensor.Gradient = gradient;
            return;
        }

        var sum = new Gradient(tensor.Bytes) { Holders = 1 };
        Add(MemoryPart.Momentary, sum.Bytes);
        tensor.Gradient = sum;
        Drop(before);
        Drop(gradient);
    }

    private void Drop(Gradient gradient)
    {
        if (--gradient.Holders == 0)
            Add(MemoryPart.Momentary, -gradient.Bytes);
    }

    private void Record(Counted[] inputs, Counted output, Counted[] kept, OperationWork work)
    {
        output.Learns = Recording && (work.Learns || Array.Exists(inputs, input => input.Learns));
        if (!output.Learns)
            return;
        Keep(kept);
        _steps.Add(new Step(inputs, output, kept, work));
    }

    private void Keep(Counted[] tensors)
    {
        foreach (var tensor in tensors)
        {
            tensor.Lives++;
            if (tensor.Part != MemoryPart.Momentary || Part == MemoryPart.Momentary)
                continue;
            Add(MemoryPart.Momentary, -tensor.Bytes);
            tensor.Part = Part;
            Add(Part, tensor.Bytes);
        }
    }

    private void Release(Counted tensor)
    {
        if (--tensor.Lives == 0)
            Add(tensor.Part, -tensor.Bytes);
    }

    private void Add(MemoryPart part, long bytes)
    {
        _held[(int)part] += bytes;
        Now += bytes;
        if (Now <= Peak)
            return;
        Peak = Now;
        AtPeak = [.. _held];
    }

    private sealed record Step(Counted[] Inputs, Counted Output, Counted[] Kept, OperationWork Work)
    {
        public Func<Counted>? Again { get; init; }
    }
}

using static TorchSharp.torch;

namespace NotebookKit.Tensors;

/// <summary>
/// Computes without keeping what backward needs, and computes again in backward: less memory for more time (Chen et al.
/// 2016). Random numbers are the same both times, and the gradients are the plain ones to the bit.
/// </summary>
public static class GradientCheckpoint
{
    [ThreadStatic]
    private static bool _running;

    // What backward handed to libtorch last, which copies it: TorchSharp's own handle would keep the memory until the garbage
    // collector comes by.
    [ThreadStatic]
    private static Tensor?[]? _handedOver;

    private static Exception? _failure;

    /// <summary>Whether this thread computes what it will compute again with gradients.</summary>
    public static bool Running => _running;

    /// <summary>Whether gradients are recorded, or will be when this is computed again: what a step computes must be the same both
    /// times.</summary>
    public static bool Recording => _running || is_grad_enabled();

    /// <summary>Computes so. Gradients of parameters inside are added up as ever.</summary>
    /// <param name="body">What is computed; it must not change its inputs.</param>
    /// <param name="inputs">Its tensors.</param>
    /// <returns>Its result.</returns>
    public static Tensor Run(Func<Tensor[], Tensor> body, params Tensor[] inputs)
    {
        if (!is_grad_enabled())
            return body(inputs);
        // Something must ask for a gradient, or backward never comes here for the parameters inside.
        using var asking = zeros([0], requires_grad: true);
        return CheckpointFunction.apply([body, asking, .. inputs]);
    }

    /// <summary>
    /// Throws what failed while a backward computed again, if anything did. No exception may pass through libtorch's own
    /// frames, so it waits here: to be called after every <c>backward()</c> of what was checkpointed.
    /// </summary>
    public static void ThrowWhatFailed()
    {
        FreeHandedOver();
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    private static void FreeHandedOver()
    {
        foreach (var gradient in _handedOver ?? [])
            gradient?.Dispose();
        _handedOver = null;
    }

    private sealed class CheckpointFunction : autograd.SingleTensorFunction<CheckpointFunction>
    {
        public override string Name => "checkpoint";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var inputs = vars[2..].Cast<Tensor>().ToArray();
            var body = (Func<Tensor[], Tensor>)vars[0];
            ctx.save_data("kept", new Kept(body, get_rng_state().DetachFromDisposeScope(),
                [.. inputs.Select(input => input.detach().DetachFromDisposeScope())], [.. inputs.Select(input => input.requires_grad)]));
            var outer = _running;
            _running = true;
            try
            {
                using var scope = NewDisposeScope();
                return body(inputs).MoveToOuterDisposeScope();
            }
            finally
            {
                _running = outer;
            }
        }

        public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var kept = (Kept)ctx.get_data("kept");
            using var random = kept.Random;
            FreeHandedOver();
            var now = kept.Inputs.Select((input, i) => input.requires_grad_(kept.Wanted[i])).ToArray();
            try
            {
                using var scope = NewDisposeScope();
                using var enabled = enable_grad();
                var back = get_rng_state();
                set_rng_state(random);
                Tensor again;
                try
                {
                    again = kept.Body(now);
                }
                finally
                {
                    set_rng_state(back);
                }

                // Where nothing inside is trained, nothing was recorded, and there is nothing to go back through.
                if (again.requires_grad)
                    autograd.backward([again], [grad_output]);
                _handedOver = [.. now.Select(input => input.grad?.DetachFromDisposeScope())];
                return [null, null, .. _handedOver];
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
                return [null, null, .. now.Select(Tensor? (input) => input.requires_grad ? zeros_like(input) : null)];
            }
            finally
            {
                grad_output.Dispose();
                foreach (var input in now)
                    input.Dispose();
            }
        }
    }

    // One object: TorchSharp protests where a tensor is kept by itself.
    private sealed record Kept(Func<Tensor[], Tensor> Body, Tensor Random, Tensor[] Inputs, bool[] Wanted);
}

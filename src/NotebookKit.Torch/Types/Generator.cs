namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>A source of random numbers: the same seed on the same libtorch gives the same numbers as Python's.</summary>
    public sealed class Generator : IDisposable
    {
        private nint handle;

        /// <summary>A new generator of its own.</summary>
        /// <param name="seed">where the stream starts</param>
        /// <param name="device">whose numbers it makes; CPU without it</param>
        public Generator(ulong seed = 0, Device? device = null) : this(device ?? CPU, own: true, seed)
        {
        }

        private Generator(Device device, bool own, ulong seed)
        {
            this.device = device;
            nint made;
            NativeMethods.Check(NativeMethods.kit_generator_new(device.Packed, own ? 1 : 0, seed, &made), "generator");
            handle = made;
        }

        /// <summary>Releases it where nobody has disposed it.</summary>
        ~Generator() => Release();

        internal static Generator Shared(Device device) => new(device, own: false, 0);

        /// <summary>Whose numbers it makes.</summary>
        public Device device { get; }

        internal nint Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(Generator));

        /// <summary>Starts the stream anew.</summary>
        /// <returns>this</returns>
        public Generator manual_seed(long seed)
        {
            NativeMethods.Check(NativeMethods.kit_generator_seed(Handle, (ulong)seed), "manual_seed");
            return this;
        }

        /// <summary>The seed that the stream started from.</summary>
        public long initial_seed() => (long)NativeMethods.kit_generator_initial_seed(Handle);

        /// <summary>Where the stream is, as a tensor of bytes; settable.</summary>
        public Tensor State
        {
            get => get_state();
            set => set_state(value);
        }

        /// <summary>Where the stream is, as a tensor of bytes.</summary>
        public Tensor get_state()
        {
            nint state;
            NativeMethods.Check(NativeMethods.kit_generator_state(Handle, &state), "get_state");
            return new Tensor(state);
        }

        /// <summary>Goes on from a state that <see cref="get_state"/> gave.</summary>
        public void set_state(Tensor value)
        {
            NativeMethods.Check(NativeMethods.kit_generator_set_state(Handle, value.Handle), "set_state");
            GC.KeepAlive(value);
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            Release();
            GC.SuppressFinalize(this);
        }

        private void Release()
        {
            var released = Interlocked.Exchange(ref handle, 0);
            if (released != 0)
                NativeMethods.kit_generator_release(released);
        }
    }

    /// <summary>Seeds the default generators of every device.</summary>
    /// <returns>the processor's default generator</returns>
    public static Generator manual_seed(long seed)
    {
        NativeMethods.Check(NativeMethods.kit_manual_seed((ulong)seed), "manual_seed");
        return default_generator;
    }

    /// <summary>The processor's default generator.</summary>
    public static Generator default_generator { get; } = Generator.Shared(CPU);
}

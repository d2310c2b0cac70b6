namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>
    /// An array of numbers on a device. It holds native memory: dispose it, or make it in a <see cref="DisposeScope"/>;
    /// what is left over the garbage collector releases some day.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private nint handle;
        internal DisposeScope? Scope;
        internal int ScopeIndex;
        private long pressure;

        /// <summary>Takes over a native reference and puts it into the thread's innermost scope.</summary>
        internal Tensor(nint handle)
        {
            this.handle = handle;
            var manager = DisposeScopeManager.Current;
            if (manager.Innermost is { } scope)
            {
                scope.Add(this);
                manager.ThreadStatistics.CreatedInScopeCount++;
            }
            else
            {
                manager.ThreadStatistics.CreatedOutsideScopeCount++;
                PressCollector();
            }
        }

        /// <summary>Releases the native reference where nobody has disposed the tensor.</summary>
        ~Tensor() => Release();

        /// <summary>The native tensor; the object must be kept alive while it is used.</summary>
        /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
        public nint Handle => handle != 0 ? handle : throw Disposed();

        /// <summary>Whether the tensor was disposed.</summary>
        public bool IsInvalid => handle == 0;

        /// <summary>Releases the native memory, unless another tensor shares it.</summary>
        public void Dispose()
        {
            if (handle != 0)
            {
                var manager = DisposeScopeManager.Current;
                if (Scope is { } scope)
                {
                    // A scope belongs to its thread: from another one the tensor stays listed there, disposed.
                    if (scope.Manager == manager)
                    {
                        scope.Remove(this);
                        manager.ThreadStatistics.DisposedInScopeCount++;
                    }
                }
                else
                {
                    manager.ThreadStatistics.DisposedOutsideScopeCount++;
                }

                Release();
            }

            GC.SuppressFinalize(this);
        }

        /// <summary>Releases it at the end of its scope; false where that was done before.</summary>
        internal bool ReleaseFromScope()
        {
            Scope = null;
            GC.SuppressFinalize(this);
            return Release();
        }

        // Nobody may ever dispose a tensor that is in no scope. To the collector it is a few bytes: told of its real size,
        // it collects before the memory is gone. Views are counted like their data, which is harmless.
        private void PressCollector()
        {
            const long worthTelling = 1 << 16;
            if (handle == 0)
                return;
            var bytes = NativeMethods.kit_numel(handle) * torch.ElementSize((ScalarType)NativeMethods.kit_dtype(handle));
            if (bytes < worthTelling)
                return;
            pressure = bytes;
            GC.AddMemoryPressure(bytes);
        }

        private bool Release()
        {
            var released = Interlocked.Exchange(ref handle, 0);
            if (released == 0)
                return false;
            NativeMethods.kit_release(released);
            if (pressure != 0)
                GC.RemoveMemoryPressure(pressure);
            pressure = 0;
            return true;
        }

        /// <summary>Hands the native reference over; the object is empty afterwards, as if disposed.</summary>
        internal nint TakeHandle()
        {
            var taken = Handle;
            Scope?.Detach(this);
            handle = 0;
            if (pressure != 0)
                GC.RemoveMemoryPressure(pressure);
            pressure = 0;
            GC.SuppressFinalize(this);
            return taken;
        }

        private static ObjectDisposedException Disposed() => new(nameof(Tensor), "The tensor was disposed: move it out of its scope, or clone it, where it is needed longer.");

        /// <summary>Moves the tensor to the scope around its own.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            Scope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of its scope: whoever holds it disposes it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            Scope?.Detach(this);
            return this;
        }

        /// <summary>The lengths of the axes.</summary>
        public long[] shape
        {
            get
            {
                var sizes = new long[NativeMethods.kit_dim(Handle)];
                fixed (long* p = sizes)
                    NativeMethods.kit_sizes(Handle, p);
                GC.KeepAlive(this);
                return sizes;
            }
        }

        /// <summary>The length of one axis.</summary>
        public long size(int dim)
        {
            var rank = NativeMethods.kit_dim(Handle);
            var axis = dim < 0 ? dim + rank : dim;
            if ((uint)axis >= (uint)rank)
                throw new ArgumentOutOfRangeException(nameof(dim), dim, $"the tensor has {rank} axes");
            var length = NativeMethods.kit_size(Handle, axis);
            GC.KeepAlive(this);
            return length;
        }

        /// <summary>The lengths of the axes.</summary>
        public long[] size() => shape;

        /// <summary>How far apart, in elements, neighbours along each axis lie.</summary>
        public long[] stride()
        {
            var strides = new long[NativeMethods.kit_dim(Handle)];
            fixed (long* p = strides)
                NativeMethods.kit_strides(Handle, p);
            GC.KeepAlive(this);
            return strides;
        }

        /// <summary>How far apart, in elements, neighbours along one axis lie.</summary>
        public long stride(int dim)
        {
            var strides = stride();
            return strides[dim < 0 ? dim + strides.Length : dim];
        }

        /// <summary>The number of axes.</summary>
        public long dim()
        {
            var rank = NativeMethods.kit_dim(Handle);
            GC.KeepAlive(this);
            return rank;
        }

        /// <summary>The number of axes.</summary>
        public long ndim => dim();

        /// <summary>The number of axes.</summary>
        public long Dimensions => dim();

        /// <summary>The number of elements.</summary>
        public long numel()
        {
            var count = NativeMethods.kit_numel(Handle);
            GC.KeepAlive(this);
            return count;
        }

        /// <summary>The number of elements.</summary>
        public long NumberOfElements => numel();

        /// <summary>The size of one element in bytes.</summary>
        public long element_size() => dtype.ElementSize();

        /// <summary>The size of one element in bytes.</summary>
        public long ElementSize => element_size();

        /// <summary>The element type.</summary>
        public ScalarType dtype
        {
            get
            {
                var type = (ScalarType)NativeMethods.kit_dtype(Handle);
                GC.KeepAlive(this);
                return type;
            }
        }

        /// <summary>Where the data lie.</summary>
        public Device device
        {
            get
            {
                var packed = NativeMethods.kit_device(Handle);
                GC.KeepAlive(this);
                return torch.Device.FromPacked(packed);
            }
        }

        /// <summary>The kind of <see cref="device"/>.</summary>
        public DeviceType device_type => device.type;

        /// <summary>Whether the data lie on a CUDA device.</summary>
        public bool is_cuda => device_type == DeviceType.CUDA;

        /// <summary>Whether the elements lie in order without gaps.</summary>
        public bool is_contiguous()
        {
            var contiguous = NativeMethods.kit_is_contiguous(Handle) != 0;
            GC.KeepAlive(this);
            return contiguous;
        }

        /// <summary>Whether the element type is a real floating-point type.</summary>
        public bool is_floating_point() => dtype.IsFloatingPoint();

        /// <summary>Whether the element type is an integer type.</summary>
        public bool is_integral() => dtype.IsIntegral();

        /// <summary>How often the tensor's data were changed in place.</summary>
        public long _version
        {
            get
            {
                var version = NativeMethods.kit_version_of(Handle);
                GC.KeepAlive(this);
                return version;
            }
        }

        /// <summary>Another tensor object over the same data, with the same place in the autograd graph.</summary>
        public Tensor alias()
        {
            var copy = NativeMethods.kit_copy_handle(Handle);
            GC.KeepAlive(this);
            return new Tensor(copy);
        }

        /// <summary>Shape, type and device for messages: <c>float32(2, 3)</c>.</summary>
        internal string Summary()
        {
            if (handle == 0)
                return "disposed";
            var where = device_type == DeviceType.CPU ? "" : $"@{device}";
            return $"{dtype.ShortName()}({string.Join(", ", shape)}){where}";
        }
    }
}

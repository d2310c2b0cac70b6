using System.Runtime.InteropServices;
using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>
/// Counts what tensors hold, to the byte: put into the place of one of libtorch's own allocators. libtorch keeps such
/// figures for CUDA alone, and .NET cannot ask for them.
/// </summary>
/// <remarks>
/// An allocator is an object of a C++ class; this one is a table of functions laid out as such an object is (Itanium C++
/// ABI, as Linux on x64 has it), so it is for measuring only, and <see cref="OfCpu"/> and <see cref="OfMeta"/> try it out
/// before they hand it over. It stays in place until the process ends.
/// </remarks>
internal sealed unsafe class CountingAllocator
{
    private static readonly CountingAllocator Cpu = new();
    private static readonly CountingAllocator Meta = new();
    private static readonly Lazy<CountingAllocator> CpuTried = new(() => Tried(Cpu, DeviceType.CPU, &AllocateCpu, &CpuRelease));
    private static readonly Lazy<CountingAllocator> MetaTried = new(() => Tried(Meta, DeviceType.META, &AllocateMeta, &NoRelease));

    private long _now;
    private long _peak;

    private CountingAllocator()
    {
    }

    /// <summary>Whether this system lays objects out as expected.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Counts the tensors in RAM.</summary>
    /// <exception cref="NotSupportedException">This system or this libtorch is another than expected.</exception>
    public static CountingAllocator OfCpu => CpuTried.Value;

    /// <summary>Counts the tensors on the device <c>meta</c>, which have shapes and take no memory.</summary>
    /// <inheritdoc cref="OfCpu"/>
    public static CountingAllocator OfMeta => MetaTried.Value;

    /// <summary>Bytes that are held now, of tensors made since the first use.</summary>
    public long Now => Interlocked.Read(ref _now);

    /// <summary>The most bytes that were held at once since <see cref="ResetPeak"/>.</summary>
    public long Peak => Interlocked.Read(ref _peak);

    /// <summary>Starts the peak anew from what is held now.</summary>
    public void ResetPeak() => Interlocked.Exchange(ref _peak, Now);

    [DllImport("c10", EntryPoint = "_ZN3c1012SetAllocatorENS_10DeviceTypeEPNS_9AllocatorEh")]
    private static extern void SetAllocator(sbyte device, void* allocator, byte priority);

    [DllImport("libc", EntryPoint = "posix_memalign")]
    private static extern int AlignedAlloc(void** memory, nuint alignment, nuint size);

    [DllImport("libc", EntryPoint = "free")]
    private static extern void Free(void* memory);

    [DllImport("libc", EntryPoint = "malloc_usable_size")]
    private static extern nuint SizeOf(void* memory);

    private static CountingAllocator Tried(
        CountingAllocator counter, DeviceType device, delegate* unmanaged<DataPtr*, void*, nuint, DataPtr*> allocate,
        delegate* unmanaged<void*, void*> release)
    {
        if (!IsSupported)
            throw new NotSupportedException("Bytes of tensors are counted on Linux on x64 only.");
        TorchLibrary.Load();
        using var first = empty(1); // libtorch has set its own allocators
        // The table of c10::Allocator: two destructors, allocate, is_simple_data_ptr, raw_deleter, copy_data.
        var table = (void**)NativeMemory.AllocZeroed(10, (nuint)sizeof(void*));
        table[0] = table[1] = (delegate* unmanaged<void*, void>)&Destroy;
        table[2] = allocate;
        table[3] = (delegate* unmanaged<void*, void*, byte>)&IsSimple;
        table[4] = release;
        table[5] = (delegate* unmanaged<void*, void*, void*, nuint, void>)&Copy;
        var self = (void**)NativeMemory.AllocZeroed(1, (nuint)sizeof(void*)); // an object without fields: its table
        *self = table;
        SetAllocator((sbyte)device, self, 100);

        var before = counter.Now;
        using (var large = empty(1 << 20, ScalarType.Byte, new Device(device)))
        {
            if (counter.Now - before is < (1 << 20) or > (1 << 20) + 4096)
                throw new NotSupportedException($"libtorch {__version__} takes no allocator of this kind.");
        }

        return counter.Now == before ? counter
            : throw new NotSupportedException($"libtorch {__version__} gives memory back otherwise than expected.");
    }

    private void Add(long bytes)
    {
        var held = Interlocked.Add(ref _now, bytes);
        for (var peak = Peak; held > peak; peak = Peak)
        {
            if (Interlocked.CompareExchange(ref _peak, held, peak) == peak)
                return;
        }
    }

    [UnmanagedCallersOnly]
    private static DataPtr* AllocateCpu(DataPtr* result, void* self, nuint bytes)
    {
        void* memory = null;
        // Nothing for nothing, and null where there is no more: libtorch tells of that itself.
        if (bytes > 0 && AlignedAlloc(&memory, 64, bytes) == 0)
            Cpu.Add((long)SizeOf(memory));
        else
            memory = null;
        *result = new DataPtr { Data = memory, Release = &ReleaseCpu, Context = memory, Device = (sbyte)DeviceType.CPU, Index = -1 };
        return result;
    }

    [UnmanagedCallersOnly]
    private static DataPtr* AllocateMeta(DataPtr* result, void* self, nuint bytes)
    {
        Meta.Add((long)bytes);
        *result = new DataPtr { Release = &ReleaseMeta, Context = (void*)bytes, Device = (sbyte)DeviceType.META, Index = -1 };
        return result;
    }

    [UnmanagedCallersOnly]
    private static void ReleaseCpu(void* memory)
    {
        if (memory == null)
            return;
        Cpu.Add(-(long)SizeOf(memory));
        Free(memory);
    }

    [UnmanagedCallersOnly]
    private static void ReleaseMeta(void* bytes) => Meta.Add(-(long)bytes);

    [UnmanagedCallersOnly]
    private static void* CpuRelease(void* self) => (delegate* unmanaged<void*, void>)&ReleaseCpu;

    [UnmanagedCallersOnly]
    private static void* NoRelease(void* self) => null;

    [UnmanagedCallersOnly]
    private static void Destroy(void* self)
    {
    }

    [UnmanagedCallersOnly]
    private static byte IsSimple(void* self, void* pointer) => 0;

    [UnmanagedCallersOnly]
    private static void Copy(void* self, void* to, void* from, nuint bytes)
    {
        if (to != null && from != null)
            Buffer.MemoryCopy(from, to, bytes, bytes);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct DataPtr
    {
        public void* Data;
        public delegate* unmanaged<void*, void> Release;
        public void* Context;
        public sbyte Device;
        public sbyte Index;
    }
}

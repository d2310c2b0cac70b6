using System.Runtime.Intrinsics.X86;

namespace NotebookKit.Tensors;

/// <summary>What this processor computes with. libtorch runs on any; which of its kernels it takes hangs on this.</summary>
public static class Processor
{
    /// <summary>Eight float32 at once, and products added up in one instruction: what libtorch is quick by.</summary>
    public static bool HasAvx2 => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Sixteen float32 at once.</summary>
    public static bool HasAvx512 => HasAvx2 && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported;

    /// <summary>
    /// Whether this processor multiplies bfloat16 numbers itself (AVX512_BF16 or AMX). Where it does not, libtorch turns
    /// them into float32 and back, which takes longer than float32 alone.
    /// </summary>
    public static bool HasBFloat16 { get; } = FindBFloat16();

    /// <summary>The widest of them, in a word or two.</summary>
    public static string Capability => HasBFloat16 ? "AVX-512 with bfloat16" : HasAvx512 ? "AVX-512" : HasAvx2 ? "AVX2" : "no AVX2";

    // CPUID leaf 7: AMX-BF16 is bit 22 of EDX, AVX512_BF16 bit 5 of EAX one leaf below. .NET has no name for either; that
    // the system saves the wide registers is what it asks for AVX-512.
    private static bool FindBFloat16()
    {
        if (!X86Base.IsSupported || !Avx512F.IsSupported)
            return false;
        var (leaves, _, _, amx) = X86Base.CpuId(7, 0);
        return ((amx >> 22) & 1) != 0 || (leaves >= 1 && ((X86Base.CpuId(7, 1).Eax >> 5) & 1) != 0);
    }
}

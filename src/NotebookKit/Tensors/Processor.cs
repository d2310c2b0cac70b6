using System.Runtime.Intrinsics.X86;

namespace NotebookKit.Tensors;

/// <summary>What this processor computes with. libtorch runs on any; which of its kernels it takes hangs on this.</summary>
public static class Processor
{
    /// <summary>Eight float32 at once, and products added up in one instruction: what libtorch is quick by.</summary>
    public static bool HasAvx2 => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Sixteen float32 at once.</summary>
    public static bool HasAvx512 => HasAvx2 && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported;

    /// <summary>Products of bfloat16 in hardware, by which bfloat16 is quicker than float32 and not slower.</summary>
    public static bool HasBFloat16 => HasAvx512 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    /// <summary>The widest of them, in a word or two.</summary>
    public static string Capability => HasBFloat16 ? "AVX-512 with bfloat16" : HasAvx512 ? "AVX-512" : HasAvx2 ? "AVX2" : "no AVX2";
}

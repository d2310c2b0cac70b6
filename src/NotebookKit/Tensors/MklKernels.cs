using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace NotebookKit.Tensors;

/// <summary>
/// On AMD's processors the MKL inside libtorch takes its plain kernels for matrix products. With <c>KIT_MKL=fast</c> it
/// takes those of Intel's, which run there too and are quicker for small matrices. Off by default, as it rests on nothing
/// documented: MKL asks a function of its own who made the processor, whose answer is kept in a number, and that is set.
/// </summary>
/// <remarks>
/// The number is found in the function's first instruction, which reads it; where that is another instruction than the one
/// known, nothing is touched. Results may differ from the plain kernels' in the last bits.
/// </remarks>
public static class MklKernels
{
    private const string Wish = "KIT_MKL";
    private const string Question = "mkl_serv_intel_cpu_true";

    /// <summary>Which kernels are in use and why, as a line of <c>kit doctor</c>.</summary>
    public static string Choice { get; private set; } = "as MKL chooses";

    /// <summary>Does what <c>KIT_MKL</c> wishes; before the first product.</summary>
    /// <param name="library">libtorch_cpu, loaded.</param>
    /// <exception cref="BadInputException">The wish is unknown.</exception>
    internal static void Choose(nint library)
    {
        var wish = Environment.GetEnvironmentVariable(Wish);
        if (wish is not (null or "" or "fast"))
            throw new BadInputException($"{Wish}={wish} is unknown: unset it for MKL's own choice of kernels, or set it to fast for "
                + "Intel's on an AMD processor.");
        if (wish != "fast")
            Choice = IsAmd ? $"MKL's plain ones, as it chooses on AMD ({Wish}=fast takes Intel's)" : "as MKL chooses";
        else
            Choice = !IsAmd ? $"as MKL chooses: {Wish}=fast is for AMD's processors" : TrySet(library) ? $"Intel's, by {Wish}=fast"
                : $"as MKL chooses: {Wish}=fast does not know this MKL";
    }

    private static bool IsAmd => X86Base.IsSupported && X86Base.CpuId(0, 0).Ebx == 0x68747541; // "Auth" of AuthenticAMD

    private static unsafe bool TrySet(nint library)
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryGetExport(library, Question, out var function))
            return false;
        // mov eax, [rip + distance]; test eax, eax; js …: a negative number is "not asked yet".
        var code = new ReadOnlySpan<byte>((void*)function, 9);
        if (!code[..2].SequenceEqual<byte>([0x8b, 0x05]) || !code[6..9].SequenceEqual<byte>([0x85, 0xc0, 0x78]))
            return false;
        *(int*)(function + 6 + BinaryPrimitives.ReadInt32LittleEndian(code[2..])) = 1;
        return true;
    }
}

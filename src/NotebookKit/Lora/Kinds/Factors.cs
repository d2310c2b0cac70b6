using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>Products of LyCORIS' factors.</summary>
internal static class Factors
{
    /// <summary>a · b; beside a core t, Σ t[i,j,h,w] · b[j,r] · a[i,p] as (p, r, h, w).</summary>
    public static Tensor Product(Tensor a, Tensor b, Tensor? core)
    {
        if (core is null)
            return a.flatten(1).mm(b.flatten(1));
        var (i, j, h, w) = (core.shape[0], core.shape[1], core.shape[2], core.shape[3]);
        var right = nn.functional.linear(core.reshape(i, j, h * w).transpose(1, 2), b.t()); // (i, h·w, r)
        var both = a.transpose(0, 1).mm(right.reshape(i, -1));                 // (p, h·w·r)
        return both.reshape(a.shape[1], h * w, b.shape[1]).transpose(1, 2).reshape(a.shape[1], b.shape[1], h, w);
    }
}

using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>The raw little-endian data of tensors, in pieces that fit one span.</summary>
internal static class TensorBytes
{
    // Tensor.bytes is one Span and so at most 2 GB: larger tensors go in pieces.
    private const long Piece = 1 << 27;

    /// <summary>Takes the bytes of a piece, which begins with this element.</summary>
    public delegate void UsePiece(long first, Span<byte> bytes);

    /// <summary>Writes a tensor of any device and layout, row-major.</summary>
    public static void Write(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        ForEachPiece(tensor.detach().cpu().contiguous(), (_, bytes) => stream.Write(bytes));
    }

    /// <summary>Hands out the memory of a contiguous CPU tensor.</summary>
    public static void ForEachPiece(Tensor tensor, UsePiece use)
    {
        if (tensor.NumberOfElements <= Piece)
        {
            if (tensor.NumberOfElements > 0)
                use(0, tensor.bytes);
            return;
        }

        using var flat = tensor.view(-1);
        for (var start = 0L; start < tensor.NumberOfElements; start += Piece)
        {
            using var part = flat.narrow(0, start, Math.Min(Piece, tensor.NumberOfElements - start));
            use(start, part.bytes);
        }
    }
}

using static TorchSharp.torch;

namespace NotebookKit.Checkpoints;

/// <summary>Moves raw little-endian data between a stream and tensors.</summary>
internal static class TensorBytes
{
    // Tensor.bytes is one Span and so at most 2 GB: larger tensors go in pieces.
    private const long Piece = 1 << 28;

    /// <summary>Fills a contiguous CPU tensor from a stream.</summary>
    /// <exception cref="EndOfStreamException">The stream ends too early.</exception>
    public static void Read(Tensor tensor, Stream stream) => ForEachPiece(tensor, piece =>
    {
        stream.ReadExactly(piece);
        // A bool is 0 or 1 to the compiler; any other byte from a file would be undefined behaviour in libtorch.
        if (tensor.dtype == ScalarType.Bool)
        {
            foreach (ref var value in piece)
                value = value == 0 ? (byte)0 : (byte)1;
        }
    });

    /// <summary>Writes a tensor of any device and layout, row-major.</summary>
    public static void Write(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        ForEachPiece(tensor.detach().cpu().contiguous(), piece => stream.Write(piece));
    }

    private delegate void UsePiece(Span<byte> bytes);

    private static void ForEachPiece(Tensor tensor, UsePiece use)
    {
        if (tensor.NumberOfElements <= Piece)
        {
            if (tensor.NumberOfElements > 0)
                use(tensor.bytes);
            return;
        }

        using var flat = tensor.view(-1);
        for (var start = 0L; start < tensor.NumberOfElements; start += Piece)
        {
            using var part = flat.narrow(0, start, Math.Min(Piece, tensor.NumberOfElements - start));
            use(part.bytes);
        }
    }
}

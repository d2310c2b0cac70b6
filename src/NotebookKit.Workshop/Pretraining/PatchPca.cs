using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// The best linear code of a picture's square patches: their first principal components, scaled to unit variance. The
/// VAE starts from it (<see cref="LinearPath"/>).
/// </summary>
internal sealed class PatchPca
{
    private const int Rounds = 300;

    /// <summary>Finds the components of the patches of pictures (N, 3, S, S) in [-1, 1].</summary>
    /// <param name="pictures">The pictures.</param>
    /// <param name="patch">Side of a patch in pixels.</param>
    /// <param name="components">How many components: the latent channels.</param>
    public PatchPca(Tensor pictures, int patch, int components)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (n, side) = (pictures.shape[0], pictures.shape[2] / patch);
        var length = 3 * patch * patch;
        var rows = pictures.view(n, 3, side, patch, side, patch).permute(0, 2, 4, 1, 3, 5).reshape(-1, length)
            .to(ScalarType.Float64); // (patches, 3·p·p)
        var mean = rows.mean([0]);
        var centred = rows - mean;
        var covariance = centred.transpose(0, 1).mm(centred).div(rows.shape[0]).cpu().data<double>().ToArray();
        var (vectors, values) = Leading(covariance, length, components);
        var offset = mean.cpu().data<double>().ToArray();

        var encode = new float[components * length];
        var encodeBias = new float[components];
        for (var c = 0; c < components; c++)
        {
            var spread = Math.Sqrt(values[c]);
            for (var i = 0; i < length; i++)
            {
                encode[(c * length) + i] = (float)(vectors[c][i] / spread);
                encodeBias[c] -= (float)(vectors[c][i] / spread * offset[i]);
            }
        }
        EncodeWeight = tensor(encode, [components, 3, patch, patch]).MoveToOuterDisposeScope();
        EncodeBias = tensor(encodeBias).MoveToOuterDisposeScope();
    }

    /// <summary>Weight of the convolution from a picture to latents, (C, 3, p, p).</summary>
    public Tensor EncodeWeight { get; }

    /// <summary>Its bias, (C).</summary>
    public Tensor EncodeBias { get; }

    /// <summary>The leading eigenvectors of a symmetric matrix by orthogonal iteration, with their eigenvalues.</summary>
    internal static (double[][] Vectors, double[] Values) Leading(double[] matrix, int size, int count)
    {
        var random = new Random(1);
        var vectors = Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, size).Select(_ => random.NextDouble() - 0.5).ToArray())
            .ToArray();
        var values = new double[count];
        for (var round = 0; round < Rounds; round++)
        {
            for (var c = 0; c < count; c++)
            {
                var image = Multiply(matrix, vectors[c], size);
                for (var b = 0; b < c; b++)
                {
                    var along = Dot(image, vectors[b]);
                    for (var i = 0; i < size; i++)
                        image[i] -= along * vectors[b][i];
                }
                values[c] = Math.Sqrt(Dot(image, image));
                for (var i = 0; i < size; i++)
                    image[i] /= values[c];
                vectors[c] = image;
            }
        }
        return (vectors, values);
    }

    private static double[] Multiply(double[] matrix, double[] vector, int size)
    {
        var result = new double[size];
        for (var row = 0; row < size; row++)
            result[row] = Dot(matrix.AsSpan(row * size, size), vector);
        return result;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}

using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// The best linear code of a picture's square patches: their first principal components, scaled to unit variance, and
/// the best linear guess (least squares) of a patch from its own code and those of its eight neighbours. It starts the
/// VAE's patch skip, so that the network only has to learn what a linear code cannot say.
/// </summary>
internal sealed class PatchPca
{
    private const int Rounds = 300;
    private const int Window = 3;
    private const double Ridge = 1e-4;

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
        var rows = pictures.view(n, 3, side, patch, side, patch).permute(0, 2, 4, 1, 3, 5).reshape(-1, length).to(ScalarType.Float64); // (patches, 3·p·p)
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
        var codes = nn.functional.conv2d(pictures, EncodeWeight.to(pictures.device), EncodeBias.to(pictures.device), strides: [patch, patch]);
        var (decode, decodeBias) = FromNeighbours(codes.cpu().contiguous().data<float>().ToArray(), rows.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray(), (int)n, (int)side, components, length);
        DecodeWeight = tensor(decode, [length, components, Window, Window]).MoveToOuterDisposeScope();
        DecodeBias = tensor(decodeBias).MoveToOuterDisposeScope();
    }

    /// <summary>Least squares of every patch on the codes in the window around it, which are 0 beyond the picture's edge.</summary>
    private static (float[] Weight, float[] Bias) FromNeighbours(float[] codes, float[] patches, int pictures, int side, int components, int length)
    {
        var width = (components * Window * Window) + 1; // the last column is the constant
        var gram = new double[width * width];
        var target = new double[width * length];
        var row = new double[width];
        row[^1] = 1;
        for (var p = 0; p < pictures * side * side; p++)
        {
            var (picture, y, x) = (p / (side * side), p / side % side, p % side);
            for (var c = 0; c < components; c++)
                for (var k = 0; k < Window * Window; k++)
                {
                    var (v, u) = (y + (k / Window) - 1, x + (k % Window) - 1);
                    row[(c * Window * Window) + k] = v < 0 || u < 0 || v >= side || u >= side ? 0 : codes[(((((picture * components) + c) * side) + v) * side) + u];
                }
            var patch = patches.AsSpan(p * length, length);
            for (var i = 0; i < width; i++)
            {
                var a = row[i];
                if (a == 0)
                    continue;
                for (var j = 0; j < width; j++)
                    gram[(i * width) + j] += a * row[j];
                for (var j = 0; j < length; j++)
                    target[(i * length) + j] += a * patch[j];
            }
        }
        for (var i = 0; i < width - 1; i++)
            gram[(i * width) + i] += Ridge * pictures * side * side;
        Solve(gram, target, width, length);
        var weight = new float[length * (width - 1)];
        for (var j = 0; j < length; j++)
            for (var i = 0; i < width - 1; i++)
                weight[(j * (width - 1)) + i] = (float)target[(i * length) + j];
        return (weight, [.. Enumerable.Range(0, length).Select(j => (float)target[((width - 1) * length) + j])]);
    }

    /// <summary>Solves A·X = B for a positive definite A by Gauss-Jordan elimination; X replaces B.</summary>
    private static void Solve(double[] a, double[] b, int size, int columns)
    {
        for (var pivot = 0; pivot < size; pivot++)
        {
            var scale = 1 / a[(pivot * size) + pivot];
            for (var j = 0; j < size; j++)
                a[(pivot * size) + j] *= scale;
            for (var j = 0; j < columns; j++)
                b[(pivot * columns) + j] *= scale;
            for (var row = 0; row < size; row++)
            {
                var factor = a[(row * size) + pivot];
                if (row == pivot || factor == 0)
                    continue;
                for (var j = 0; j < size; j++)
                    a[(row * size) + j] -= factor * a[(pivot * size) + j];
                for (var j = 0; j < columns; j++)
                    b[(row * columns) + j] -= factor * b[(pivot * columns) + j];
            }
        }
    }

    /// <summary>Weight of the convolution from a picture to latents, (C, 3, p, p).</summary>
    public Tensor EncodeWeight { get; }

    /// <summary>Its bias, (C).</summary>
    public Tensor EncodeBias { get; }

    /// <summary>Weight of the 3×3 convolution from latents to patches, (3·p·p, C, 3, 3).</summary>
    public Tensor DecodeWeight { get; }

    /// <summary>Its bias, (3·p·p).</summary>
    public Tensor DecodeBias { get; }

    /// <summary>The leading eigenvectors of a symmetric matrix by orthogonal iteration, with their eigenvalues.</summary>
    internal static (double[][] Vectors, double[] Values) Leading(double[] matrix, int size, int count)
    {
        var random = new Random(1);
        var vectors = Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, size).Select(_ => random.NextDouble() - 0.5).ToArray()).ToArray();
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

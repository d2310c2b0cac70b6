using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// Randomness without state: what a picture draws in an epoch follows from the run's seed and the two numbers alone. So a
/// run can be repeated, or entered at any step, and draws the same however it is cut into batches.
/// </summary>
internal static class RandomStreams
{
    private const int Tensors = 3;
    private const int Choices = 4;

    /// <summary>The generator of a picture's latents, noise and timestep. On the CPU, so that every device draws the same.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">0 for the subject's pictures, 1 for class images.</param>
    /// <param name="draw">Which draw: epoch × pictures + picture.</param>
    public static Generator OfDraw(ulong seed, int stream, long draw) => new(Mix(Mix(seed, Tensors, draw), stream, 0));

    /// <summary>A number in [0, 1) for a choice of a draw: whether it is mirrored, say.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">0 for the subject's pictures, 1 for class images.</param>
    /// <param name="draw">Which draw.</param>
    /// <param name="choice">Which choice.</param>
    public static double Choice(ulong seed, int stream, long draw, int choice) =>
        (Mix(Mix(Mix(seed, Choices, draw), stream, 0), 5, choice) >> 11) * (1.0 / (1UL << 53));

    /// <summary>The order in which an epoch shows pictures: a permutation of 0 … count−1.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">Which set of pictures is shuffled.</param>
    /// <param name="epoch">From 0.</param>
    /// <param name="count">How many pictures there are.</param>
    public static int[] Permutation(ulong seed, int stream, long epoch, int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        for (var last = count - 1; last > 0; last--) // Fisher–Yates
        {
            var other = (int)(Mix(Mix(seed, stream, epoch), 2, last) % (ulong)(last + 1));
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    /// <summary>A seed of its own for something that the run makes.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">What it is for.</param>
    /// <param name="index">Which.</param>
    public static ulong Seed(ulong seed, int stream, long index) => Mix(seed, stream, index);

    // SplitMix64 (Steele, Lea & Flood 2014): neighbouring inputs give unrelated outputs.
    private static ulong Mix(ulong seed, int stream, long index)
    {
        var z = seed + (0x9E3779B97F4A7C15UL * (ulong)((index * 8) + stream + 1));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// Randomness without state: what a step or an epoch draws follows from the run's seed and the step's or epoch's number
/// alone, so a run can be repeated, or entered at any step, and draw the same.
/// </summary>
internal static class RandomStreams
{
    /// <summary>The generator of a step's noise, timesteps and latents. On the CPU, so that every device draws the same.</summary>
    public static Generator OfStep(ulong seed, long step) => new(Mix(seed, 1, step));

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

    // SplitMix64 (Steele, Lea & Flood 2014): neighbouring inputs give unrelated outputs.
    private static ulong Mix(ulong seed, int stream, long index)
    {
        var z = seed + (0x9E3779B97F4A7C15UL * (ulong)((index * 8) + stream + 1));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

namespace NotebookKit.Workshop.World;

/// <summary>
/// The toy world's own random numbers: PCG-XSH-RR 64/32 (O'Neill 2014). A seed gives the same pictures on every machine
/// and every version of .NET, which <see cref="Random"/> does not promise.
/// </summary>
public sealed class WorldRandom
{
    private ulong _state;
    private readonly ulong _increment;

    /// <summary>Starts the sequence of a seed.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="stream">Another number, for sequences of one seed that have nothing to do with one another.</param>
    public WorldRandom(ulong seed, ulong stream = 0)
    {
        // Neighbouring seeds and streams are first scattered, so that picture 1 and picture 2 have nothing in common.
        _increment = Scatter(stream) | 1;
        _state = Scatter(seed) + _increment;
        NextUInt();
    }

    /// <summary>Any 32 bits.</summary>
    public uint NextUInt()
    {
        var old = _state;
        _state = old * 6364136223846793005UL + _increment;
        var shifted = (uint)(((old >> 18) ^ old) >> 27);
        return uint.RotateRight(shifted, (int)(old >> 59));
    }

    /// <summary>Any 64 bits.</summary>
    public ulong NextULong() => ((ulong)NextUInt() << 32) | NextUInt();

    /// <summary>A number in [0, 1).</summary>
    public float NextFloat() => (NextUInt() >> 8) * (1f / (1 << 24));

    /// <summary>A number in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public float Range(float from, float to) => from + (to - from) * NextFloat();

    /// <summary>A whole number from 0 to <paramref name="count"/> − 1.</summary>
    public int Below(int count) => (int)(((ulong)NextUInt() * (ulong)count) >> 32);

    /// <summary>True with the given probability.</summary>
    public bool Chance(float probability) => NextFloat() < probability;

    /// <summary>One of the choices, each as likely as the others.</summary>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>One of the choices, as likely as its weight says.</summary>
    public T Pick<T>(IReadOnlyList<(T Value, float Weight)> choices)
    {
        var left = NextFloat() * choices.Sum(c => c.Weight);
        foreach (var (value, weight) in choices)
        {
            left -= weight;
            if (left < 0)
                return value;
        }

        return choices[^1].Value;
    }

    /// <summary>SplitMix64's finaliser: every bit of the number moves every bit of the result.</summary>
    internal static ulong Scatter(ulong number)
    {
        number += 0x9E3779B97F4A7C15;
        number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
        number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
        return number ^ (number >> 31);
    }
}

using static TorchSharp.torch;

namespace NotebookKit.Tensors;

/// <summary>How many threads an operator uses, and how they wait for one another.</summary>
public static class Threads
{
    // Turns of a waiting thread before it sleeps. Sleeping at once makes a step 3.5 times slower, and libgomp's own choice
    // is to turn for milliseconds, which on a busy machine takes the time that the others would have computed in.
    private const string Spins = "1000";

    /// <summary>What was chosen and why, as a sentence's end.</summary>
    public static string Choice { get; private set; } = "not chosen yet";

    /// <summary>
    /// One thread until disposed, for a training step of small tensors: its thousands of operators are too short to be
    /// shared, and waiting for one another took two cores longer than one. A learner's OMP_NUM_THREADS stays.
    /// </summary>
    public static IDisposable One() => new OneThread(Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null ? get_num_threads() : 1);

    /// <summary>Sets what OpenMP reads once while it is loaded; a learner's own setting stays.</summary>
    internal static void Prepare()
    {
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null && Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is null)
            NativeEnvironment.SetDefault("GOMP_SPINCOUNT", Spins);
    }

    /// <summary>Takes every core, which libtorch does not on many virtual machines, unless OMP_NUM_THREADS says otherwise.</summary>
    internal static void Choose()
    {
        var own = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        var count = int.TryParse(own, out var wanted) && wanted > 0 ? wanted : Environment.ProcessorCount;
        set_num_threads(count);
        var waiting = Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is { } policy ? $"OMP_WAIT_POLICY={policy}"
            : Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is { } spins ? $"GOMP_SPINCOUNT={spins}"
            : $"{Spins} turns of waiting before a thread sleeps";
        Choice = (own is null ? $"all {count} cores, one where a miniature is trained" : $"{count} by OMP_NUM_THREADS")
            + (OperatingSystem.IsLinux() ? $", {waiting}" : "");
    }

    private sealed class OneThread : IDisposable
    {
        private readonly int _before;

        public OneThread(int before)
        {
            _before = before;
            if (before > 1)
                set_num_threads(1);
        }

        public void Dispose()
        {
            if (_before > 1)
                set_num_threads(_before);
        }
    }
}

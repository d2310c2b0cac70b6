namespace NotebookKit.Checkpoints;

/// <summary>The two files of a run's checkpoint: the weights, and beside them what the run needs to go on.</summary>
internal static class CheckpointFile
{
    /// <summary>What the name of the second ends in.</summary>
    public const string StateEnding = ".state.safetensors";

    /// <summary>Where the metadata of the second say how far the run has come, by which such a file is known whatever its name.</summary>
    public const string StateNote = "run";

    /// <summary>The weights beside a state, of a run that writes them as one file.</summary>
    public static string WeightsOf(string state) => state[..^StateEnding.Length] + ".safetensors";
}

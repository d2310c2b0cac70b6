namespace NotebookKit.Training.Runs;

/// <summary>
/// What an earlier run has left where a new one writes. Its checkpoints stand aside, so that nobody goes on from them by
/// mistake; its result is replaced by one that has come at least as far, and else kept beside, as <c>toy.1.safetensors</c>
/// with everything that belongs to it.
/// </summary>
/// <param name="place">Where the new run writes.</param>
/// <param name="source">The base that it is trained on.</param>
internal sealed class EarlierRun(RunPlace place, string source)
{
    private RunPlace? _aside;

    /// <summary>Moves checkpoints and log aside, before a run that begins anew writes its own.</summary>
    /// <returns>A sentence about it; null where there was nothing.</returns>
    public string? SetAside()
    {
        var states = RunStates.In(place.Checkpoints);
        if (states.Count == 0 && !(File.Exists(place.Log) && Path.Exists(place.Output)))
            return null;
        var aside = _aside = place.NextFree;
        if (states.Count > 0)
            Directory.Move(place.Checkpoints, aside.Checkpoints);
        if (File.Exists(place.Log))
            File.Move(place.Log, aside.Log);
        return states.Count == 0 ? null
            : $"An earlier run of {Path.GetFileName(place.Output)} left checkpoints, which now stand aside in {aside.Checkpoints}"
                + (Replaceable(aside) ? ", until this run has come as far."
                    : $"; to go on from them, resume {Path.GetFileName(aside.Output)}.");
    }

    /// <summary>Puts the result that lies there aside unless the new one has come at least as far, just before the new one is
    /// written.</summary>
    /// <param name="extent">How far the new one has come.</param>
    /// <returns>A sentence about it; null where the old one may go.</returns>
    public string? Keep(RunExtent extent)
    {
        if (!Path.Exists(place.Output) || (Directory.Exists(place.Output) && !Directory.EnumerateFileSystemEntries(place.Output).Any()))
            return null;
        var before = RunExtent.Of(place);
        if (before is not null && extent.Covers(before) && !IsSource)
            return null;
        var aside = _aside ?? place.NextFree;
        if (File.Exists(place.Output))
            File.Move(place.Output, aside.Output);
        else
            Directory.Move(place.Output, aside.Output);
        if (File.Exists(place.Card))
            File.Move(place.Card, aside.Card);
        _aside = null; // it stays
        var how = before is null ? "of which nothing tells how far it was trained"
            : $"trained for {before.Steps} steps ({before.Epochs} epochs) where this one has {extent.Steps} ({extent.Epochs})";
        return $"{Path.GetFileName(place.Output)} was there already, {how}; it is kept as {aside.Output}.";
    }

    /// <summary>Lets go of what stood aside, once its result has been replaced; what <c>--save-every</c> had copied stays.</summary>
    public void Forget()
    {
        if (_aside is not { } aside || !Replaceable(aside))
            return;
        if (Directory.Exists(aside.Checkpoints))
            Directory.Delete(aside.Checkpoints, recursive: true);
        File.Delete(aside.Log);
        _aside = null;
    }

    private bool IsSource => source.Length > 0 && Path.TrimEndingDirectorySeparator(Path.GetFullPath(source)) == place.Output;

    // The end of a finished run alone: no result lies there that the new one would not stand for.
    private static bool Replaceable(RunPlace aside) => !Directory.Exists(aside.Checkpoints)
        || Directory.EnumerateFileSystemEntries(aside.Checkpoints).All(RunStates.IsState);
}

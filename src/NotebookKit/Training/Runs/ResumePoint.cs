using NotebookKit.Training.Methods;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Training.Runs;

/// <summary>The state that a run goes on from: the newest that is whole.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Position">Where the run was.</param>
/// <param name="Notes">What is to be told about those that are damaged, a sentence each.</param>
internal sealed record ResumePoint(string Path, RunPosition Position, IReadOnlyList<string> Notes)
{
    /// <summary>How far the state has come.</summary>
    public RunExtent Extent => new(Position.Step, Position.Epoch);

    /// <summary>Refuses a place without any state.</summary>
    /// <exception cref="BadSettingException">There is nothing to go on from.</exception>
    public static void Require(RunPlace place)
    {
        if (RunStates.In(place.Checkpoints).Count > 0)
            return;
        var folder = System.IO.Path.GetDirectoryName(place.Checkpoints)!;
        var others = Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Where(other => RunStates.In(other).Count > 0).Select(System.IO.Path.GetFileName)
                .Order(StringComparer.Ordinal).ToList()
            : [];
        throw new BadSettingException($"--resume finds no checkpoint of {System.IO.Path.GetFileName(place.Output)} in {place.Checkpoints}; "
            + (others.Count > 0 ? $"there are some of {string.Join(", ", others)}: name that run's output as --out, or leave --resume out "
                : "check --out, or leave --resume out ") + "to begin anew.");
    }

    /// <summary>The newest state that is whole.</summary>
    /// <exception cref="BadSettingException">There is none.</exception>
    public static ResumePoint Find(RunPlace place)
    {
        Require(place);
        var damaged = new List<(string Path, string Why)>();
        foreach (var path in RunStates.In(place.Checkpoints).Reverse())
        {
            using var scope = NewDisposeScope();
            try
            {
                return new(path, RunStates.Read(path).Position,
                    [.. damaged.Select(one => $"The checkpoint {one.Path} is damaged ({one.Why}), so the run goes on from the one before "
                        + $"it, {path}.")]);
            }
            catch (BadInputException e)
            {
                damaged.Add((path, e.Message.TrimEnd('.')));
            }
        }

        throw new BadSettingException($"No checkpoint in {place.Checkpoints} is whole: {damaged[0].Why}; leave --resume out to begin "
            + "anew.");
    }

    /// <summary>Refuses a run with other settings, or other pictures of the subject.</summary>
    /// <exception cref="BadSettingException">It could not go on to the same result.</exception>
    public void Check(RunCard card)
    {
        foreach (var (name, value) in card.Fixed())
        {
            if (name is not (RunCard.PictureSums or RunCard.ClassPictureSums) && Position.Settings.TryGetValue(name, out var then)
                && then != value)
                throw new BadSettingException($"The checkpoint {Path} was made with {name} {then}, not {value}; go on with the same "
                    + "settings, or start anew without --resume.");
        }

        Compare("pictures", RunCard.PictureSums, Position.Pictures, card.Pictures, card);
        CompareBeside("captions", Position.Prompts, card.Prompts);
        CompareBeside("masks", Position.Masks, card.Masks);
    }

    /// <summary>Refuses a run with other class images, which are known only once the missing ones are painted.</summary>
    /// <exception cref="BadSettingException">It could not go on to the same result.</exception>
    public void CheckClasses(RunCard card) =>
        Compare("class images", RunCard.ClassPictureSums, Position.ClassPictures, card.ClassPictures, card);

    /// <summary>Puts its weights into a run.</summary>
    /// <returns>The rest of what the state holds.</returns>
    /// <exception cref="BadSettingException">It holds the weights of another run.</exception>
    public Dictionary<string, Tensor> Restore(TrainedWeights weights)
    {
        var (_, tensors) = RunStates.Read(Path);
        foreach (var (name, parameter) in weights.Named)
        {
            if (!tensors.TryGetValue("weights." + name, out var value) || !value.shape.SequenceEqual(parameter.shape))
                throw new BadSettingException(
                    $"The checkpoint {Path} does not hold the weights {name}; it belongs to another run, start anew without --resume.");
            parameter.copy_(value);
        }

        return tensors;
    }

    // What lies beside the pictures. Those of a folder that has moved are not compared.
    private void CompareBeside(string what, IReadOnlyDictionary<string, string>? then, IReadOnlyDictionary<string, string>? now)
    {
        var other = then is null || now is null ? [] : then.Keys.Union(now.Keys).Where(file => Known(then, file) && Known(now, file)
            && then.GetValueOrDefault(file) != now.GetValueOrDefault(file)).Select(file => System.IO.Path.GetFileName(file)).ToList();
        if (other.Count > 0)
            throw new BadSettingException($"The checkpoint {Path} was made with other {what}: {FirstNames.Of(other, 5)}. Put them back as "
                + "they were to go on, or begin a new run without --resume.");

        static bool Known(IReadOnlyDictionary<string, string> files, string file) =>
            files.Keys.Any(key => System.IO.Path.GetDirectoryName(key) == System.IO.Path.GetDirectoryName(file)) || files.Count == 0;
    }

    private void Compare(string what, string sums, IReadOnlyDictionary<string, string>? then, IReadOnlyDictionary<string, string> now,
        RunCard card)
    {
        var before = Position.Settings.GetValueOrDefault(sums);
        if (before is null || before == RunCard.SumsOf(now))
            return;
        var hashes = before.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var came = Names(now.Where(picture => !hashes.Contains(picture.Value)));
        var gone = then is null ? [] : Names(then.Where(picture => !now.Values.Contains(picture.Value)));
        var differences = new[]
        {
            Told(came.Intersect(gone).ToList(), "changed"),
            Told(came.Except(gone).ToList(), "new"),
            Told(gone.Except(came).ToList(), "gone"),
            then is null && hashes.Except(now.Values).Count() is > 0 and var count ? $"{count} of then are gone or changed" : null,
        }.OfType<string>().ToList();
        var weights = card.Settings.WritesModel ? "--base" : card.Settings.Method is TrainMethod.Lora or TrainMethod.LoraExtended
            ? "--network-weights" : null;
        throw new BadSettingException($"The checkpoint {Path} was made with other {what}"
            + (differences.Count > 0 ? $": {string.Join("; ", differences)}" : "") + ". Put them back as they were to go on, or begin a "
            + "new run without --resume" + (weights is null ? "." : $", from what this one has learned with {weights}."));

        static List<string> Names(IEnumerable<KeyValuePair<string, string>> pictures) =>
            [.. pictures.Select(picture => System.IO.Path.GetFileName(picture.Key)).Order(StringComparer.Ordinal)];

        static string? Told(List<string> names, string how) => names.Count == 0 ? null
            : $"{FirstNames.Of(names, 5)} {(names.Count == 1 ? "is" : "are")} {how}";
    }
}

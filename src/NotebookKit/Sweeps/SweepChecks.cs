using NotebookKit.Training.Settings;

namespace NotebookKit.Sweeps;

/// <summary>Refuses a sweep of which points would fail, before any is trained.</summary>
internal static class SweepChecks
{
    private const int MostLooked = 200;

    /// <summary>Looks at the first point, and at each that differs from it in one value: bounds were looked at when they were
    /// read, and that two values go together shows when a point is trained.</summary>
    /// <param name="spec">The sweep.</param>
    /// <param name="path">Its file, for the sentence.</param>
    /// <exception cref="BadInputException">A point cannot be trained.</exception>
    public static void Check(SweepSpec spec, string path)
    {
        if (!Path.Exists(spec.Base))
            throw new BadInputException($"{path}: there is no base {spec.Base}; give a model's folder, or its file, as \"base\".");
        foreach (var number in Numbers(spec).Take(MostLooked))
        {
            var point = spec.PointAt(number);
            try
            {
                spec.SettingsOf(point).Validate();
            }
            catch (BadSettingException e)
            {
                var where = point.Values.Count > 0 || point.Seed is not null ? $" (point {number}, {point})" : "";
                throw new BadInputException($"{path}: {BadSettingException.InNames(e.InFlags).TrimEnd('.')}{where}.", e);
            }
        }

        if (spec.Measure is { } measure && !spec.Dry)
        {
            using var judge = measure.Judge();
            measure.BoardFor(spec.SettingsOf(spec.PointAt(0)), judge);
        }
    }

    private static IEnumerable<int> Numbers(SweepSpec spec)
    {
        var stride = Math.Max(1, spec.Seeds.Count);
        yield return 0;
        foreach (var axis in spec.Vary.Reverse())
        {
            for (var i = 1; i < axis.Values.Count; i++)
                yield return i * stride;
            stride *= axis.Values.Count;
        }

        for (var i = 1; i < spec.Points.Count; i++)
            yield return i * stride;
    }
}

using System.Globalization;
using NotebookKit.Charts;
using NotebookKit.Evaluation;
using Plotly.NET;
using CSharpChart = Plotly.NET.CSharp.Chart;
using FSharpChart = Plotly.NET.Chart;

namespace NotebookKit.Sweeps;

/// <summary>What a sweep shows: how much was learned against how much drifted, and what each setting does by itself.</summary>
public static class SweepCharts
{
    private const int MostGroups = 8;

    /// <summary>A point for each combination: how alike the subject's pictures are to its photos, against how alike the protected
    /// word's have become. Right and low is good. Null where nothing was measured.</summary>
    /// <param name="sweep">The sweep.</param>
    public static GenericChart? FidelityAgainstDrift(this Sweep sweep)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        var means = sweep.Best;
        if (means.Count == 0)
            return null;
        // One hue for each value of what varies first.
        var by = sweep.Spec.Varied.FirstOrDefault(name => means.Select(mean => mean.First.Of(name)).Distinct().Count() is > 1
            and <= MostGroups);
        return FSharpChart.combine(means.GroupBy(mean => by is null ? "" : mean.First.Of(by)).OrderBy(group => Order(group.Key))
            .Select(group => CSharpChart.Point<double, double, string>(group.Select(mean => mean.Scores["fidelity"].Mean),
                group.Select(mean => mean.Scores["pres"].Mean), Name: by is null ? "points" : $"{by} {group.Key}")))
            .WithTitles("Learned and drifted", "fidelity: the subject's pictures, likeness to its photos",
                "PRES: the protected word's pictures, likeness to them");
    }

    /// <summary>What a setting does by itself: the mean over all points that share a value of it, with its standard error. Of what
    /// was measured, or else the loss.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="setting">A setting that varies.</param>
    /// <exception cref="BadInputException">It does not vary.</exception>
    public static GenericChart EffectOf(this Sweep sweep, string setting)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        if (!sweep.Spec.Varied.Contains(setting))
            throw new BadInputException($"{setting} does not vary in {sweep.Name}; {NearestName.Hint(setting, sweep.Spec.Varied)}");
        var done = sweep.Points.Where(point => point.Result is not null).ToList();
        string[] names = done.Exists(point => point.Result!.Scores is not null) ? ["fidelity", "pres", "prompt"] : ["loss"];
        var lines = from name in names
                    let figure = SweepFigure.All.First(figure => figure.Name == name)
                    let groups = (from point in done
                                  let number = figure.Of(point.Result!)
                                  where number is not null
                                  group number.Value by point.Of(setting) into same
                                  orderby Order(same.Key)
                                  select (Value: same.Key, Score: Score.Of([.. same]))).ToList()
                    where groups.Count > 0
                    select CSharpChart.Line<string, double, string>(groups.Select(one => one.Value), groups.Select(one => one.Score.Mean),
                        Name: name, ShowMarkers: true).WithErrors(groups.Select(one => one.Score.Error));
        return FSharpChart.combine(lines.ToList()).WithTitles($"What {setting} does", setting, string.Join(", ", names));
    }

    // Numbers by size, the rest behind them as it comes.
    private static double Order(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.MaxValue;
}

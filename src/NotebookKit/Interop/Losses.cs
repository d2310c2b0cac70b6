using NotebookKit.Training;
using NotebookKit.Training.Settings;

namespace NotebookKit.Interop;

/// <summary>Keeps the account of what a trainer takes over: every setting that somebody set is taken over or told.</summary>
/// <param name="trainer">The other trainer's name.</param>
/// <param name="run">The run.</param>
internal sealed class Losses(string trainer, TrainOptions run)
{
    // What says where and when, and not what is learned; what the other trainer does by itself.
    private static readonly HashSet<string> Places = ["output", "resume", "method"];

    private readonly HashSet<string> _taken = [];
    private readonly List<string> _told = [];

    /// <summary>These settings are taken over.</summary>
    public void Take(params string[] names) => _taken.UnionWith(names);

    /// <summary>A sentence about one that is not, or not as it is.</summary>
    public void Tell(string name, string why)
    {
        _taken.Add(name);
        _told.Add($"{name} {Text(name)}: {why}");
    }

    /// <summary>All sentences: those that were told, and one for each setting that was set and nobody took over.</summary>
    public IReadOnlyList<string> All()
    {
        var plain = new TrainOptions();
        foreach (var setting in Setting.All.Where(setting => !_taken.Contains(setting.Name) && !Places.Contains(setting.Name)
            && Shown(setting, setting.Of(run)) != Shown(setting, setting.Of(plain))))
            _told.Add($"{setting.Name} {Text(setting.Name)}: {trainer} has nothing of the kind.");
        return _told;
    }

    private string Text(string name)
    {
        var setting = Setting.All.First(setting => setting.Name == name);
        return Shown(setting, setting.Of(run));
    }

    private static string Shown(Setting setting, object? value) => value switch
    {
        null => "",
        bool on => on ? "true" : "false",
        _ => string.Join(' ', SettingText.WriteAll(setting, value)),
    };
}

using NotebookKit.Evaluation;
using NotebookKit.Workshop.World;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>The words by which the probe and its reports call what the toy world shows.</summary>
internal static class ProbeNames
{
    /// <summary>A fresh probe's configuration for a part of the world.</summary>
    public static ProbeConfig Config(WorldPreset world) => new()
    {
        Classes = [.. world.Classes.Select(Words.Noun)],
        Colours = [.. world.Colors.Select(Words.Adjective)],
        Backgrounds = [.. world.Backgrounds.Select(b => Of(b.Value))],
        Styles = [.. world.Styles.Select(s => Of(s.Value))],
    };

    /// <summary>"grass", "bedroom" …</summary>
    public static string Of(Background background) => background.ToString().ToLowerInvariant();

    /// <summary>"photo", "oil painting" …</summary>
    public static string Of(Style style) => style switch
    {
        Style.Photo => "photo",
        Style.OilPainting => "oil painting",
        Style.PencilSketch => "pencil sketch",
        Style.Watercolor => "watercolor",
        Style.PixelArt => "pixel art",
        Style.InkWash => "ink wash",
        _ => throw new ArgumentOutOfRangeException(nameof(style), style, "no such style"),
    };

    /// <summary>What the probe should read from a picture of a scene.</summary>
    public static ProbeReading Truth(Scene scene) =>
        new(Words.Noun(scene.Class), Words.Adjective(scene.Color), Of(scene.Background), Of(scene.Style));
}

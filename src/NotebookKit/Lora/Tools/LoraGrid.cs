using System.Globalization;
using NotebookKit.Images;
using NotebookKit.Pipeline;

namespace NotebookKit.Lora.Tools;

/// <summary>The web UI's X/Y/Z plot for a LoRA: one picture for each multiplier (columns), guidance (rows) and seed (blocks of
/// rows).</summary>
/// <param name="Multipliers">From left to right.</param>
/// <param name="GuidanceScales">From top to bottom within a seed.</param>
/// <param name="Seeds">Block by block.</param>
public sealed record LoraGrid(IReadOnlyList<double> Multipliers, IReadOnlyList<double> GuidanceScales, IReadOnlyList<ulong> Seeds)
{
    /// <summary>Draws every picture, all from the one network, whose multiplier is what it was afterwards.</summary>
    /// <param name="sd">The base with the network attached.</param>
    /// <param name="network">The network.</param>
    /// <param name="options">Prompt, steps, size.</param>
    /// <param name="report">Told how many pictures are drawn, of how many.</param>
    /// <param name="cancel">Stops between two steps.</param>
    public RgbImage Draw(StableDiffusion sd, LoraNetwork network, SampleOptions options, Action<int, int>? report = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(sd);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        if (Multipliers.Count == 0 || GuidanceScales.Count == 0 || Seeds.Count == 0)
            throw new BadInputException("A grid needs at least one multiplier, one guidance scale and one seed.");
        var before = (network.UNetMultiplier, network.TextMultiplier);
        var pictures = new RgbImage[Multipliers.Count * GuidanceScales.Count * Seeds.Count];
        var captions = new string[pictures.Length];
        var done = 0;
        try
        {
            for (var column = 0; column < Multipliers.Count; column++)
            {
                network.Multiplier = Multipliers[column];
                for (var row = 0; row < GuidanceScales.Count * Seeds.Count; row++)
                {
                    var (cfg, seed) = (GuidanceScales[row % GuidanceScales.Count], Seeds[row / GuidanceScales.Count]);
                    var cell = (row * Multipliers.Count) + column;
                    pictures[cell] = sd.Sample(options with { GuidanceScale = cfg, Seed = seed, Count = 1 }, cancel: cancel)[0];
                    captions[cell] = string.Create(CultureInfo.InvariantCulture, $"×{Multipliers[column]} CFG {cfg} seed {seed}");
                    report?.Invoke(++done, pictures.Length);
                }
            }
        }
        finally
        {
            (network.UNetMultiplier, network.TextMultiplier) = before;
        }

        return ImageGrid.Render(pictures, Multipliers.Count, captions, Math.Max(128, pictures[0].Width));
    }
}

using NotebookKit.Models;

namespace NotebookKit.Training.Memory;

/// <summary>The VAE's two ways through <see cref="MemoryTape"/>, as <see cref="AutoencoderKL"/> goes them; it is never trained.</summary>
/// <param name="layers">The layers.</param>
/// <param name="config">The VAE's shape.</param>
internal sealed class CountedVae(CountedLayers layers, AutoencoderKLConfig config)
{
    private const int TileSize = 64; // of latents, as AutoencoderKL has it

    private readonly MemoryTape _tape = layers.Tape;

    private int Groups => config.NormNumGroups;

    /// <summary>A picture to its latents.</summary>
    /// <param name="side">Of the picture in pixels.</param>
    public void Encode(long side) =>
        InTiles(side / config.Factor, tile => Whole(tile, encode: true), config.Factor, 1, config.InChannels, 2 * config.LatentChannels);

    /// <summary>Latents to a picture.</summary>
    /// <param name="side">Of the latents.</param>
    public void Decode(long side) =>
        InTiles(side, tile => Whole(tile, encode: false), 1, config.Factor, config.LatentChannels, config.OutChannels);

    // What is much larger than a tile goes through in overlapping tiles, which are added up.
    private void InTiles(long side, Func<long, Counted> whole, long inScale, long outScale, long inChannels,
        long outChannels) => _tape.Scope(() =>
    {
        layers.Input(inChannels * side * side * inScale * inScale);
        if (4 * side * side <= 9L * TileSize * TileSize)
            return whole(side);
        var area = side * side * outScale * outScale;
        var (sum, _) = (layers.Input(outChannels * area), layers.Input(area));
        _tape.Scope(() =>
        {
            var tile = whole(TileSize);
            return layers.Copy(tile);
        });
        return layers.Copy(sum);
    });

    private Counted Whole(long side, bool encode) => _tape.Scope(() =>
    {
        var factor = config.Factor;
        var input = layers.Input(encode ? config.InChannels * side * side * factor * factor : config.LatentChannels * side * side);
        var latents = 2L * config.LatentChannels;
        return encode
            ? layers.Conv("vae.quant_conv", Encoder(input), latents, latents, kernel: 1)
            : Decoder(layers.Conv("vae.post_quant_conv", input, config.LatentChannels, config.LatentChannels, kernel: 1));
    });

    private Counted Encoder(Counted images) => _tape.Scope(() =>
    {
        var channels = config.BlockOutChannels;
        var hidden = layers.Conv("vae.encoder.conv_in", images, config.InChannels, channels[0]);
        for (var level = 0; level < channels.Count; level++)
        {
            var (from, to, count, shrink) = (channels[Math.Max(level - 1, 0)], channels[level], config.LayersPerBlock,
                level < channels.Count - 1);
            var input = hidden;
            hidden = _tape.Scope(() =>
            {
                var inside = Resnets(input, from, to, count);
                // A column and a row of zeros, then every other pixel.
                return shrink ? layers.Conv("vae.downsampler", layers.Copy(inside), to, to, stride: 2) : inside;
            });
        }

        hidden = Middle(hidden, channels[^1]);
        return layers.Conv("vae.encoder.conv_out", layers.Activation(layers.Norm("vae.norm", hidden, Groups)), channels[^1],
            2 * config.LatentChannels);
    });

    private Counted Decoder(Counted latents) => _tape.Scope(() =>
    {
        int[] channels = [.. config.BlockOutChannels.Reverse()];
        var hidden = Middle(layers.Conv("vae.decoder.conv_in", latents, config.LatentChannels, channels[0]), channels[0]);
        for (var level = 0; level < channels.Length; level++)
        {
            var (from, to, count, enlarge) = (channels[Math.Max(level - 1, 0)], channels[level], config.LayersPerBlock + 1,
                level < channels.Length - 1);
            var input = hidden;
            hidden = _tape.Scope(() =>
            {
                var inside = Resnets(input, from, to, count);
                return enlarge ? layers.Conv("vae.upsampler", _tape.Apply([inside], 4 * inside.Count, layers.Size, []), to, to) : inside;
            });
        }

        return layers.Conv("vae.decoder.conv_out", layers.FreshActivation(layers.Norm("vae.norm", hidden, Groups)), channels[^1],
            config.OutChannels);
    });

    private Counted Resnets(Counted hidden, long inChannels, long outChannels, int count)
    {
        for (var i = 0; i < count; i++)
            hidden = layers.Resnet("vae.resnet", hidden, null, i == 0 ? inChannels : outChannels, outChannels, 0, Groups);
        return hidden;
    }

    private Counted Middle(Counted hidden, long width) => _tape.Scope(() =>
    {
        var first = Resnets(hidden, width, width, 1);
        var attended = _tape.Scope(() =>
        {
            var tokens = layers.Copy(layers.Norm("vae.norm", first, Groups));
            var (q, k, v) = (layers.Linear("vae.q", tokens, width, width), layers.Linear("vae.k", tokens, width, width),
                layers.Linear("vae.v", tokens, width, width));
            return _tape.Sum(first, layers.Copy(layers.Linear("vae.out", layers.Attend(q, k, v, 1, width, 1), width, width)));
        });
        return Resnets(attended, width, width, 1);
    });
}

using NotebookKit.Images;
using NotebookKit.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Tests.Models;

public sealed class VaeTilesTests : IDisposable
{
    private readonly IDisposable _scope = NewDisposeScope();
    private readonly IDisposable _noGrad = no_grad();

    public void Dispose()
    {
        _noGrad.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(16, 16)]
    [InlineData(37, 20)]
    [InlineData(12, 50)]
    public void What_sees_one_place_at_a_time_is_the_same_in_tiles(int height, int width)
    {
        var latents = randn(1, 4, height, width);
        var decoded = new VaeTiles(16, 1, 2).Apply(latents, Enlarged);
        Rounding.Same(Enlarged(latents), decoded, 4 * 4); // four tiles over a corner
        var images = randn(1, 4, height * 2, width * 2);
        var encoded = new VaeTiles(16, 2, 1).Apply(images, tile => functional.avg_pool2d(tile, 2));
        Rounding.Same(functional.avg_pool2d(images, 2), encoded, 4 * 4);
    }

    [Fact]
    public void A_photo_in_tiles_is_nearly_the_photo_at_once_and_shows_no_seam()
    {
        using var vae = AutoencoderKL.FromPretrained(Path.Combine(House.Root, "data", "base-mini", "vae"));
        var photo = ImageTensor.ToTensor(RgbImage.Load(Path.Combine(House.Root, "data", "sample-rabbit", "rabbit-1.png")).Cover(192, 160))
            .unsqueeze(0);
        var latents = vae.Encode(photo).Mean; // (1, 4, 40, 48)
        var whole = vae.Decode(latents);
        vae.TileSize = 20;
        var tiled = vae.Decode(latents);
        vae.TileSize = 0;
        var abutting = cat([vae.Decode(latents.narrow(3, 0, 24)), vae.Decode(latents.narrow(3, 24, 24))], 3);

        var (seam, noise, edge) = (LargestBend(tiled - whole), (tiled - whole).abs().mean().item<float>(), LargestBend(abutting - whole));
        Assert.InRange(noise, 1e-6, 0.03); // it was in tiles, and two grey levels of 255 off at most
        Assert.True(seam < edge / 2, $"a bend of {seam} in blended tiles, {edge} in abutting ones");

        vae.TileSize = 20;
        var moments = vae.Encode(photo).Mean;
        Assert.InRange((moments - latents).abs().mean().item<float>() / latents.std().item<float>(), 1e-6, 0.1);
    }

    [Fact]
    public void Large_batches_are_worked_on_one_by_one_with_the_same_result()
    {
        using var vae = new AutoencoderKL(TinyModel.Vae) { TileSize = 8 };
        var images = rand(5, 3, 16, 16) * 2 - 1;
        var (mean, decoded) = (vae.Encode(images).Mean, vae.Decode(randn([5, 4, 8, 8], generator: new Generator(2))));
        vae.TileSize = 0;
        Rounding.Same(vae.Encode(images).Mean, mean, Rounding.Network);
        Rounding.Same(vae.Decode(randn([5, 4, 8, 8], generator: new Generator(2))), decoded, Rounding.Network);
    }

    private static Tensor Enlarged(Tensor latents) =>
        functional.interpolate(latents, [latents.shape[2] * 2, latents.shape[3] * 2], mode: InterpolationMode.Nearest);

    // How sharply a difference of pictures bends along the worst row or column: a slope does not however steep, an edge does.
    // Along the whole line, for a seam is one; a single pixel at the edge of an eye may bend as much without any tile.
    private static double LargestBend(Tensor difference) => new[] { 2, 3 }.Max(dimension =>
    {
        var length = difference.shape[dimension] - 2;
        var bend = difference.narrow(dimension, 2, length) - difference.narrow(dimension, 1, length) * 2
            + difference.narrow(dimension, 0, length);
        return bend.abs().mean([0, 1, dimension == 2 ? 3 : 2]).max().item<float>();
    });
}

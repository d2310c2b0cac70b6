using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Training.Data;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Data;

public sealed class LatentCacheTests : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StableDiffusion _sd;
    private readonly PictureView _view;

    public LatentCacheTests(TinyBase tiny)
    {
        _sd = StableDiffusion.Load(tiny.Folder);
        _view = new PictureView(Path.Combine(tiny.Pictures, "0.png"), 16, 16);
    }

    [Fact]
    public void Each_draw_samples_the_distribution_anew()
    {
        using var scope = NewDisposeScope();
        using var cache = new LatentCache(_sd, null);
        using var image = ImageTensor.ToTensor(PictureCrop.Of(RgbImage.Load(_view.Path), 16, 16).At()).unsqueeze(0);
        var latents = _sd.Vae.Encode(image);
        var draws = stack([.. Enumerable.Range(0, 400)
            .Select(i => cache.Sample(_view, new Generator((ulong)i)))]) / _sd.Vae.Config.ScalingFactor; // (400, 1, 4, 8, 8)
        Assert.True((draws.mean([0]) - latents.Mean).abs().max().item<float>() < 5 * latents.Std.max().item<float>() / 20);
        Assert.True((draws.std([0]) / latents.Std - 1).abs().mean().item<float>() < 0.1);
    }

    [Fact]
    public void Files_hold_the_same_as_the_memory_and_are_named_by_content()
    {
        using var scope = NewDisposeScope();
        using var memory = new LatentCache(_sd, null);
        using var disk = new LatentCache(_sd, _folder.Root);
        disk.Prepare(_view);
        Assert.True(memory.Sample(_view, new Generator(1)).Equals(disk.Sample(_view, new Generator(1))));
        var file = Assert.Single(Directory.GetFiles(_folder.Root));

        // The same content elsewhere is not encoded again; another cut is.
        var copy = _folder["copy.png"];
        File.Copy(_view.Path, copy);
        disk.Prepare(_view with { Path = copy });
        Assert.Equal([file], Directory.GetFiles(_folder.Root, "*.safetensors"));
        disk.Prepare(_view with { Flipped = true });
        disk.Prepare(_view with { Width = 32 });
        Assert.Equal(3, Directory.GetFiles(_folder.Root, "*.safetensors").Length);
    }

    [Fact]
    public void A_mirrored_view_is_the_mirrored_picture()
    {
        using var scope = NewDisposeScope();
        var mirrored = RgbImage.Load(_view.Path);
        var flipped = new RgbImage(mirrored.Width, mirrored.Height);
        for (var y = 0; y < mirrored.Height; y++)
        {
            for (var x = 0; x < mirrored.Width; x++)
                mirrored.Pixels.AsSpan(3 * ((y * mirrored.Width) + x), 3)
                    .CopyTo(flipped.Pixels.AsSpan(3 * ((y * mirrored.Width) + mirrored.Width - 1 - x)));
        }

        flipped.SavePng(_folder["flipped.png"]);
        using var cache = new LatentCache(_sd, null);
        var view = cache.Sample(_view with { Flipped = true }, new Generator(1));
        var file = cache.Sample(_view with { Path = _folder["flipped.png"] }, new Generator(1));
        Rounding.Same(file, view, Rounding.Network);
    }

    public void Dispose()
    {
        _sd.Dispose();
        _folder.Dispose();
    }
}

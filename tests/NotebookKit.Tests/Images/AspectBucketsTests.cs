using NotebookKit.Images;

namespace NotebookKit.Tests.Images;

public sealed class AspectBucketsTests
{
    [Fact]
    public void Stable_Diffusion_has_multiples_of_64_and_no_larger_an_area()
    {
        var sizes = new AspectBuckets(512, 64).Sizes;
        Assert.Contains((512, 512), sizes);
        Assert.Contains((448, 576), sizes);
        Assert.Contains((640, 384), sizes);
        Assert.All(sizes, size => Assert.True(size.Width % 64 == 0 && size.Height % 64 == 0 && size.Width * size.Height <= 512 * 512));
        Assert.All(sizes, size => Assert.Contains((size.Height, size.Width), sizes));
    }

    [Theory]
    [InlineData(1000, 1000, 512, 512)]
    [InlineData(3024, 4032, 448, 576)]
    [InlineData(4032, 3024, 576, 448)]
    [InlineData(1920, 1080, 640, 384)] // 5:3 is nearer to 16:9 than 11:5 is
    [InlineData(9000, 100, 1024, 256)]
    public void A_picture_goes_where_its_shape_is_nearest(int width, int height, int across, int down) =>
        Assert.Equal((across, down), new AspectBuckets(512, 64).For(width, height));

    [Fact]
    public void A_size_off_the_step_has_the_square_alone() => Assert.Equal([(100, 100)], new AspectBuckets(100, 64).Sizes);

    [Fact]
    public void The_middle_of_a_square_is_what_torchvision_cuts()
    {
        var image = new RgbImage(20, 33);
        for (var i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(i * 7);
        Assert.Equal(image.ResizeAndCenterCrop(16).Pixels, PictureCrop.Of(image, 16, 16).At().Pixels);
        Assert.Equal((24, 16), (PictureCrop.Of(image, 24, 16).At().Width, PictureCrop.Of(image, 24, 16).At().Height));
        Assert.NotEqual(PictureCrop.Of(image, 16, 16).At(0.5, 0).Pixels, PictureCrop.Of(image, 16, 16).At(0.5, 1).Pixels);
    }
}

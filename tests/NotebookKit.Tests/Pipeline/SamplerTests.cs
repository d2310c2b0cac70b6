using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline;

public sealed class SamplerTests : IDisposable
{
    private static readonly SampleOptions Three = new()
    {
        Prompt = "a photo of a rabbit toy",
        Steps = 4,
        Seed = 5,
        Count = 3,
        GuidanceScale = 3,
        BatchSize = 1
    };
    private readonly int _before = get_num_threads();
    private readonly StableDiffusion _model = TinyModel.Create();

    public SamplerTests() => set_num_threads(2);

    public void Dispose()
    {
        set_num_threads(_before);
        _model.Dispose();
    }

    [Theory]
    [InlineData("ddim")]
    [InlineData("euler_a")] // draws noise in each step
    [InlineData("dpmpp_2m")] // remembers the step before
    [InlineData("pndm")]
    public void Pictures_drawn_side_by_side_are_those_drawn_alone(string scheduler)
    {
        var options = Three with { Scheduler = scheduler };
        var together = Pixels(_model.Sample(options));
        Assert.Equal(Alone(options), together);
        set_num_threads(3);
        Assert.Equal(together, Pixels(_model.Sample(options)));
    }

    [Theory]
    [InlineData(ScalarType.Float32)] // added into the layers' weights
    [InlineData(ScalarType.BFloat16)] // computed beside them
    public void So_they_are_with_a_lora_attached(ScalarType dtype)
    {
        var plain = Pixels(_model.Sample(Three));
        foreach (var network in new nn.Module[] { _model.UNet, _model.Vae, _model.TextEncoder })
            network.to(dtype);
        using var lora = LoraNetwork.Inject(_model.UNet, _model.TextEncoder, new LoraOptions { Rank = 2 });
        using (no_grad())
        {
            foreach (var up in lora.UpParameters)
                up.fill_(0.2);
        }

        var together = Pixels(_model.Sample(Three));
        Assert.NotEqual(plain, together);
        Assert.Equal(Alone(Three), together);
    }

    [Fact]
    public void Progress_is_told_on_the_calling_thread_and_counts_every_pictures_steps()
    {
        var caller = Environment.CurrentManagedThreadId;
        var told = new List<(int Done, int Picture, int Step)>();
        var last = new RgbImage[3];
        var pictures = _model.Sample(Three, new Heard<StepProgress>(step =>
        {
            Assert.Equal((caller, 12), (Environment.CurrentManagedThreadId, step.Total));
            told.Add((step.Done, step.FirstPicture, step.Step));
            last[step.FirstPicture] = step.Preview().Single();
        }));
        Assert.Equal(Enumerable.Range(1, 12), told.Select(step => step.Done));
        Assert.All(told.GroupBy(step => step.Picture), steps => Assert.Equal([1, 2, 3, 4], steps.Select(step => step.Step)));
        Assert.Equal(Pixels(_model.Sample(Three)), Pixels(pictures));
        // Each preview is of its own picture.
        foreach (var i in Enumerable.Range(0, 3))
            Assert.Equal(i, Enumerable.Range(0, 3).MinBy(other => Distance(last[i], pictures[other])));
    }

    [Fact]
    public void Cancelling_stops_all_of_them()
    {
        using var source = new CancellationTokenSource();
        var told = 0;
        Assert.Throws<OperationCanceledException>(() => _model.Sample(Three with { Count = 8 }, new Heard<StepProgress>(_ =>
        {
            if (++told == 3)
                source.Cancel();
        }), source.Token));
        Assert.InRange(told, 3, 4); // the other thread may have been on its way to tell
    }

    [Fact]
    public void A_failing_listener_ends_it_with_its_own_exception()
    {
        var (failure, told) = (new FormatException("mine"), 0);
        Assert.Same(failure, Assert.Throws<FormatException>(() =>
            _model.Sample(Three, new Heard<StepProgress>(_ => throw (++told > 0 ? failure : new InvalidOperationException())))));
        Assert.InRange(told, 1, 2);
    }

    private List<string> Alone(SampleOptions options) =>
        [.. Enumerable.Range(0, options.Count)
            .SelectMany(i => Pixels(_model.Sample(options with { Count = 1, Seed = options.Seed + (ulong)i })))];

    private static List<string> Pixels(IEnumerable<RgbImage> pictures) =>
        [.. pictures.Select(picture => Convert.ToHexString(picture.Pixels))];

    private static double Distance(RgbImage a, RgbImage b) => a.Pixels.Zip(b.Pixels, (x, y) => Math.Abs(x - y)).Average();
}

using NotebookKit.Lora.Tools;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Optimizers;

namespace NotebookKit.Tests.Training;

/// <summary>Learning rates that suit something else, and results that change nothing.</summary>
public sealed class RateNoticesTests(TinyBase tiny) : ToyTraining(tiny)
{
    [Theory]
    [InlineData(OptimizerKind.Prodigy, 1e-4, "Prodigy finds its own rate, and --lr multiplies it: 1E-4 is far from 1")]
    [InlineData(OptimizerKind.Prodigy, 1.0, null)]
    [InlineData(OptimizerKind.AdamW, 1.0, "far above")]
    [InlineData(OptimizerKind.AdamW, 1e-9, "far below")]
    [InlineData(OptimizerKind.AdamW, null, null)]
    public void A_rate_for_another_optimizer_is_told(OptimizerKind optimizer, double? rate, string? told)
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var options = (Options with { Learning = Options.Learning with { Optimizer = optimizer, Rate = rate } }).ForBase(sd);
        Assert.Equal(told is null ? 0 : 1, RateNotices.Of(options, sd).Count(notice => notice.Contains("--lr", StringComparison.Ordinal)));
        Assert.All(RateNotices.Of(options, sd), notice => Assert.Contains(told!, notice, StringComparison.Ordinal));
    }

    [Fact]
    public void The_rate_of_a_text_encoder_is_judged_where_it_learns()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var options = Options with { Learning = Options.Learning with { TextRate = 1 } };
        Assert.Empty(RateNotices.Of(options.ForBase(sd), sd));
        Assert.Contains("--text-lr 1E+0 is far above",
            Assert.Single(RateNotices.Of((options with { TrainTextEncoder = true }).ForBase(sd), sd)),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.0, 1e-4, "no gradient reached it")]
    [InlineData(1.0, 0.0, "the learning rate was 0 in every step")]
    [InlineData(1.0, 1e-12, "1 step at a rate of 1E-12 are too few or too small")]
    public void A_result_that_changes_nothing_is_a_finding_with_its_cause(double gradient, double rate, string cause)
    {
        var proof = new LoraProof(0, 1e-9, 3, FreshBase: false);
        var step = new StepRecord(0, 1, 0.1, 0.1, null, rate, gradient);
        var options = Options with { Learning = Options.Learning with { Rate = 1e-4 } };
        var sentence = RateNotices.OfResult(proof, [step], options);
        Assert.Contains("changes nothing", sentence, StringComparison.Ordinal);
        Assert.Contains(cause, sentence, StringComparison.Ordinal);
        Assert.Null(RateNotices.OfResult(proof with { Effect = 0.1 }, [step], options));
    }
}

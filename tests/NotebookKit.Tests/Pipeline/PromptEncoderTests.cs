using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline;

public sealed class PromptEncoderTests : IDisposable
{
    private readonly StableDiffusion _model = TinyModel.Create();
    private readonly IDisposable _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void A_plain_prompt_is_encoded_as_ever()
    {
        var states = new PromptEncoder(_model).Encode(["a photo of a toy"])[0];
        Assert.Equal([1, 77, 16], states.shape);
        Assert.Equal(0, Difference(_model.EncodePrompts(["a photo of a toy"]), states));
    }

    [Fact]
    public void Weights_multiply_states_and_the_original_way_keeps_the_mean()
    {
        var plain = _model.EncodePrompts(["a photo of a toy"]);
        var weights = ones(1, 77, 1);
        using (no_grad())
            weights[0, 2].fill_(1.5f); // photo
        var weighted = plain * weights;
        Rounding.Same(weighted, Encode("a (photo:1.5) of a toy", Emphasis.NoNorm), Rounding.Network);

        var original = Encode("a (photo:1.5) of a toy", Emphasis.Original);
        Assert.Equal(plain.mean().item<float>(), original.mean().item<float>(),
            Rounding.Of(plain.numel(), plain.abs().max().item<float>()));
        Rounding.Same(weighted * (plain.mean() / weighted.mean()), original, Rounding.Network);

        Assert.Equal(0, Difference(plain, Encode("a (photo:1.5) of a toy", Emphasis.Ignore)));
        Assert.Equal(0, Difference(_model.EncodePrompts(["a (photo:1.5) of a toy"]), Encode("a (photo:1.5) of a toy", Emphasis.None)));
    }

    [Fact]
    public void Chunks_stand_one_behind_the_other()
    {
        var both = Encode("a dog BREAK a cat");
        Assert.Equal([1, 154, 16], both.shape);
        Rounding.Same(cat([_model.EncodePrompts(["a dog"]), _model.EncodePrompts(["a cat"])], 1), both, Rounding.Network);
        Assert.Equal(77 * 20, Encode(string.Join(' ', Enumerable.Repeat("dog", 75 * 20))).shape[1]); // more chunks than are encoded at once
    }

    [Fact]
    public void Clip_skip_listens_to_an_earlier_layer()
    {
        var ids = tensor(_model.Tokenizer.EncodePadded("a dog").Select(id => (long)id).ToArray()).view(1, 77);
        var output = _model.TextEncoder.call(ids);
        var expected = _model.TextEncoder.TextModel.FinalLayerNorm.call(output.HiddenStates[^2]);
        Rounding.Same(expected, new PromptEncoder(_model, clipSkip: 2).Encode(["a dog"])[0], Rounding.Network);
        Assert.Contains("2 layers", Assert.Throws<BadInputException>(() => new PromptEncoder(_model, clipSkip: 3)).Message);
        Assert.Throws<BadInputException>(() => new PromptEncoder(_model, clipSkip: 0));
    }

    [Theory]
    [InlineData("[a dog:a red cat:4]", "a dog")] // all four steps
    [InlineData("[a dog:a red cat:0]", "a red cat")]
    [InlineData("[a dog|a dog]", "a dog")]
    [InlineData("<lora:none:1>a dog", "a dog")]
    [InlineData("(((a dog:1.0):1):1)", "a dog")]
    public void Prompts_that_say_the_same_draw_the_same(string prompt, string plain) =>
        Assert.Equal(Draw(plain).Pixels, Draw(prompt).Pixels);

    [Theory]
    [InlineData("[a dog:a red cat:2]")]
    [InlineData("[a dog:a red cat:0.5]")]
    [InlineData("[a dog|a red cat]")]
    [InlineData("a dog AND a red cat")]
    [InlineData("a dog :2")]
    [InlineData("(a dog:1.6)")]
    [InlineData("a dog BREAK")]
    [InlineData("a dog BREAK a red cat")]
    public void Prompts_that_say_something_else_do_not(string prompt) =>
        Assert.Equal(prompt != "a dog BREAK", Apart(Draw("a dog"), Draw(prompt)) > 0);

    [Fact]
    public void Clip_skip_and_emphasis_change_the_picture_and_stand_in_its_settings()
    {
        // Not of states whose mean is a rounding's worth of nothing, as this small model's may be: there is none to restore then.
        var options = new SampleOptions { Prompt = "a (photo:1.4) of a toy", Steps = 2, Seed = 5, GuidanceScale = 3 };
        var (skipped, scaled) = (options with { ClipSkip = 2 }, options with { Emphasis = Emphasis.NoNorm });
        Assert.True(Apart(_model.Sample(options)[0], _model.Sample(skipped)[0]) > 0);
        Assert.True(Apart(_model.Sample(options)[0], _model.Sample(scaled)[0]) > 0);
        Assert.Contains("Clip skip: 2", skipped.ParametersOf(_model).ToString());
        Assert.Contains("Emphasis: No norm", scaled.ParametersOf(_model).ToString());
        Assert.DoesNotContain("Emphasis", skipped.ParametersOf(_model).ToString());
        Assert.Throws<BadInputException>(() => _model.Sample(options with { ClipSkip = 9 }));
    }

    [Fact]
    public void Sub_prompts_add_up()
    {
        // Larger batches may round otherwise in the last bit.
        Assert.InRange(Apart(Draw("a dog"), Draw("a dog AND a red cat :0")), 0, 1);
        Assert.InRange(Apart(Draw("a dog"), Draw("a dog :0.5 AND a dog :0.5")), 0, 1);
        Assert.InRange(Apart(Draw("a dog"), Draw("a dog :0.5", cfg: 6)), 0, 1);
        // Without guidance too they are differences from the negative prompt.
        Assert.True(Apart(Draw("a dog", cfg: 1), Draw("a dog AND a red cat", cfg: 1)) > 0);
    }

    [Fact]
    public void Prompts_of_different_lengths_are_drawn_together()
    {
        var words = string.Join(' ', Enumerable.Repeat("dog", 100));
        Assert.True(Apart(Draw(words), Draw("dog", negative: words)) > 0);
        // The shorter side is filled up with empty chunks, so an empty chunk written out changes nothing.
        Assert.Equal(Draw("a dog BREAK BREAK a cat", negative: "blue").Pixels,
            Draw("a dog BREAK BREAK a cat", negative: "blue BREAK BREAK BREAK").Pixels);
        Assert.Equal(Draw("[a dog:a dog BREAK a cat:2]").Pixels, Draw("[a dog BREAK BREAK:a dog BREAK a cat:2]").Pixels);
        Draw(words + " AND dog AND [cat:" + words + ":2]");
    }

    private Tensor Encode(string text, Emphasis emphasis = Emphasis.Original) => new PromptEncoder(_model, emphasis).Encode([text])[0];

    private RgbImage Draw(string prompt, double cfg = 3, string negative = "") =>
        _model.Sample(new SampleOptions { Prompt = prompt, NegativePrompt = negative, Steps = 4, Seed = 5, GuidanceScale = cfg })[0];

    private static int Apart(RgbImage a, RgbImage b) => a.Pixels.Zip(b.Pixels, (x, y) => Math.Abs(x - y)).Max();

    private static float Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}

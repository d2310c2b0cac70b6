using NotebookKit.Cli;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Tests.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Cli;

/// <summary>Every flag of <c>kit sample</c> changes the pictures, or is refused, or told to do nothing, whatever the sampler.</summary>
[Collection("Console")]
public sealed class EffectOfSampleFlagsTests : IDisposable
{
    // Where pictures are written and how they come about, not what they show.
    private static readonly string[] NotOfThePicture = ["--out", "--json", "--device", "--preview-every", "--help", "-h", "-?"];

    private readonly TemporaryFolder _folder = new();

    public EffectOfSampleFlagsTests()
    {
        using (var other = TinyModel.Create())
        {
            foreach (var parameter in other.UNet.parameters())
                parameter.requires_grad_(false).mul_(1.1);
            other.Save(_folder["other"], ScalarType.Float32);
        }

        using var model = TinyModel.Create();
        model.Save(_folder["base"], ScalarType.Float32);
        using var network = LoraNetwork.Inject(model.UNet, null, new LoraOptions { Rank = 1 });
        using (no_grad())
        {
            foreach (var up in network.UpParameters)
                up.fill_(0.3);
        }

        network.Save(_folder["loras", "bold.safetensors"]);
        using (no_grad())
        {
            foreach (var up in network.UpParameters)
                up.fill_(-0.3);
        }

        network.Save(_folder["elsewhere", "bold.safetensors"]);
        network.Remove();
        using var words = TokenEmbedding.New(model, "qvr", "toy");
        words.Save(_folder["words", "qvr.safetensors"]);
        new RgbImage(16, 16).SavePng(_folder["init.png"]);
    }

    public static TheoryData<string> Samplers => [.. Scheduler.Names];

    [Theory]
    [MemberData(nameof(Samplers))]
    public void Each_has_an_effect_or_is_told(string sampler)
    {
        var usual = Draw(sampler, []);
        Assert.Equal(0, usual.Code);
        // The others don't know of the sampler: two stand for all.
        var flags = sampler is "ddim" or "dpmpp_2m" ? Flags : Flags.Where(flag => flag is "--eta" or "--strength" or "--steps");
        var silent = flags.Where(flag => Values(flag, sampler).All(value =>
        {
            var (code, pictures, error) = Draw(sampler, [flag, value]);
            return code == 0 && pictures == usual.Pictures && !error.Contains(flag + " ", StringComparison.Ordinal);
        }));
        Assert.Empty(silent);
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> Flags => Verb.All.Single(verb => verb.Name == "sample").Create().Options
        .Select(option => option.Name).Except(NotOfThePicture);

    private IEnumerable<string> Values(string flag, string sampler) => flag switch
    {
        "--base" => [_folder["other"]],
        "--prompt" => ["a cat"],
        "--negative-prompt" => ["a dog"],
        "--dtype" => ["bfloat16"],
        "--clip-skip" => ["2"],
        "--emphasis" => ["none"],
        "--sampler" => [sampler == "euler" ? "heun" : "euler"],
        "--size" => ["24x16"],
        "--init-image" => [_folder["init.png"]],
        "--lora" => ["bold:0.5"],
        "--lora-dir" => [_folder["elsewhere"]],
        "--embeddings-dir" => [_folder["words"]],
        "--strength" or "--eta" => ["0.3"],
        "--cfg" => ["3", "0.5"],
        _ => ["2"], // --seed, --count, --batch, --steps
    };

    private (int Code, string Pictures, string Error) Draw(string sampler, string[] changed)
    {
        var to = _folder["out" + Guid.NewGuid().ToString("N")];
        List<string> given = ["sample", "--base", _folder["base"], "--prompt", "a (toy:1.3) of qvr <lora:bold:1>", "--steps", "3",
            "--sampler", sampler, "--lora-dir", _folder["loras"], "--embeddings-dir", _folder["none"], "--out", to];
        if (changed is [var flag, var value])
        {
            if (given.IndexOf(flag) is >= 0 and var at)
                given.RemoveRange(at, 2);
            given.AddRange([flag, value]);
        }

        var (code, error) = KitCommand.RunHere([.. given]);
        var pictures = Directory.Exists(to) ? Directory.GetFiles(to, "*.png").Order(StringComparer.Ordinal)
            .Select(file => RgbImage.Load(file))
            .Select(image => $"{image.Width}×{image.Height} {Convert.ToBase64String(image.Pixels)}") : [];
        return (code, string.Join(' ', pictures), error);
    }
}

using System.Text;
using NotebookKit.Checkpoints.Hub;

namespace NotebookKit.Tests.Checkpoints.Hub;

/// <summary>A small model on a server of our own.</summary>
public abstract class HubCases : IDisposable
{
    protected const string Model = "owner/tiny";
    protected const string Secret = "hf_secretsecret";
    protected const string UNet = "unet/diffusion_pytorch_model.safetensors";
    private protected readonly TemporaryFolder _folder = new();
    private protected readonly HubServer _server = new();

    protected HubCases()
    {
        foreach (var path in (string[])["model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "vae/config.json",
            "text_encoder/config.json", "tokenizer/merges.txt"])
            _server.Files[path] = Encoding.UTF8.GetBytes($"{{\"{path}\": 1}}");
        _server.Files[UNet] = Noise(300_000);
        _server.Files["vae/diffusion_pytorch_model.safetensors"] = Noise(5_000);
        _server.Files["text_encoder/model.safetensors"] = Noise(7_000);
        // What a download has no use for.
        foreach (var path in (string[])["README.md", "v1-5-pruned.ckpt", "unet/diffusion_pytorch_model.bin",
            "unet/diffusion_pytorch_model.fp16.safetensors", "safety_checker/model.safetensors",
            "unet/diffusion_pytorch_model.non_ema.safetensors"])
            _server.Files[path] = Noise(99_000);
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    private protected static byte[] Noise(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private protected static string Refusal(Func<string> fetch)
    {
        var message = Assert.Throws<BadInputException>(() => { fetch(); }).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private protected HubSettings Settings(string? token = null, bool offline = false) => new()
    {
        Endpoint = _server.Endpoint,
        CacheFolder = _folder["hub"],
        Offline = offline,
        Token = token,
        Patience = TimeSpan.FromMilliseconds(5),
        Silence = TimeSpan.FromSeconds(3),
    };

    private protected string Fetch(string? variant = null, string revision = "main", string? token = null, bool offline = false) =>
        new HubModel(Model, revision, Settings(token, offline)).Fetch(variant, null, CancellationToken.None);
}

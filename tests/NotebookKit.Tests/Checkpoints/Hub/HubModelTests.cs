using System.Security.Cryptography;
using System.Text;
using NotebookKit.Checkpoints.Hub;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using NotebookKit.Training;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Checkpoints.Hub;

public sealed class HubModelTests : IDisposable
{
    private const string Model = "owner/tiny";
    private const string Secret = "hf_secretsecret";
    private const string UNet = "unet/diffusion_pytorch_model.safetensors";
    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _server = new();

    public HubModelTests()
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

    [Fact]
    public void Only_the_files_that_are_needed_come_once_and_lie_as_Python_lays_them()
    {
        var snapshot = Fetch();
        Assert.Equal(_folder["hub", "models--owner--tiny", "snapshots", HubServer.Commit], snapshot);
        Assert.Equal(HubServer.Commit, File.ReadAllText(_folder["hub", "models--owner--tiny", "refs", "main"]));
        Assert.Equal(9, _server.Requests.Count(request => request.Path.Contains("/resolve/")));
        Assert.Equal(_server.Files[UNet], File.ReadAllBytes(Path.Combine(snapshot, UNet)));
        var link = new FileInfo(Path.Combine(snapshot, UNet)).LinkTarget;
        Assert.Equal($"../../../blobs/{Convert.ToHexStringLower(SHA256.HashData(_server.Files[UNet]))}", link);
        Assert.DoesNotContain(Directory.GetFiles(_folder["hub", "models--owner--tiny", "blobs"]), file => file.EndsWith(".incomplete"));

        _server.Requests.Clear();
        Assert.Equal(snapshot, Fetch());
        Assert.DoesNotContain(_server.Requests, request => request.Path.Contains("/resolve/"));
    }

    [Fact]
    public void A_variant_and_shards_are_chosen_by_name()
    {
        var half = Fetch(variant: null, revision: HubServer.Commit);
        Assert.False(File.Exists(Path.Combine(half, "unet/diffusion_pytorch_model.fp16.safetensors")));
        Assert.Contains("variant bf16", Refusal(() => Fetch(variant: "bf16")));

        _server.Files.Remove(UNet);
        _server.Files["unet/diffusion_pytorch_model.safetensors.index.json"] = Encoding.UTF8.GetBytes(
            """{"weight_map": {"a": "s-1.safetensors", "b": "s-2.safetensors"}}""");
        (_server.Files["unet/s-1.safetensors"], _server.Files["unet/s-2.safetensors"]) = (Noise(10), Noise(20));
        Directory.Delete(_folder["hub", "models--owner--tiny"], recursive: true);
        var sharded = Fetch();
        Assert.Equal(20, new FileInfo(Path.Combine(sharded, "unet/s-2.safetensors")).ResolveLinkTarget(true) is FileInfo file ? file.Length
            : 0);
    }

    [Fact]
    public void A_connection_that_breaks_again_and_again_goes_on_where_it_stopped()
    {
        _server.Misbehave = context =>
        {
            if (!context.Request.Url!.AbsolutePath.EndsWith(UNet) || _server.Requests.Count(request => request.Path.EndsWith(UNet)) > 4)
                return false;
            _server.Break(context, after: 70_000);
            return true;
        };
        var snapshot = Fetch();
        Assert.Equal(_server.Files[UNet], File.ReadAllBytes(Path.Combine(snapshot, UNet)));
        Assert.Contains(_server.Requests, request => request.Path.EndsWith(UNet) && request.Range is not null);
    }

    [Fact]
    public void A_download_that_was_stopped_is_continued_by_the_next_run()
    {
        _server.Misbehave = context =>
        {
            if (!context.Request.Url!.AbsolutePath.EndsWith(UNet))
                return false;
            if (context.Request.Headers["Range"] is null)
                _server.Break(context, after: 100_000);
            else
                context.Response.Abort();
            return true;
        };
        Assert.Contains("what was downloaded is kept", Refusal(() => Fetch()));
        _server.Misbehave = _ => false;
        _server.Requests.Clear();
        Fetch();
        Assert.NotNull(_server.Requests.Single(request => request.Path.EndsWith(UNet)).Range);
    }

    [Fact]
    public void A_range_other_than_the_one_asked_for_is_fitted_in()
    {
        var wrong = 0;
        _server.Misbehave = context =>
        {
            if (!context.Request.Url!.AbsolutePath.EndsWith(UNet))
                return false;
            if (context.Request.Headers["Range"] is null && wrong == 0)
            {
                _server.Break(context, after: 100_000);
                return true;
            }

            if (wrong++ > 0)
                return false;
            var file = _server.Files[UNet];
            context.Response.StatusCode = 206;
            context.Response.AddHeader("Content-Range", $"bytes 5-{file.Length - 1}/{file.Length}");
            context.Response.Close(file[5..], willBlock: true);
            return true;
        };
        var snapshot = Fetch();
        Assert.Equal(1, Math.Min(wrong, 1));
        Assert.Equal(_server.Files[UNet], File.ReadAllBytes(Path.Combine(snapshot, UNet)));
    }

    [Fact]
    public void A_server_without_ranges_that_always_breaks_at_the_same_place_is_given_up()
    {
        _server.Misbehave = context =>
        {
            if (!context.Request.Url!.AbsolutePath.EndsWith(UNet))
                return false;
            context.Response.ContentLength64 = _server.Files[UNet].Length;
            context.Response.OutputStream.Write(_server.Files[UNet], 0, 50_000);
            context.Response.OutputStream.Flush();
            context.Response.Abort();
            return true;
        };
        Assert.Contains("what was downloaded is kept", Refusal(() => Fetch()));
        Assert.InRange(_server.Requests.Count(request => request.Path.EndsWith(UNet)), 2, 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public void Bytes_that_were_changed_on_the_way_are_never_kept(int times)
    {
        var changed = 0;
        _server.Misbehave = context =>
        {
            if (!context.Request.Url!.AbsolutePath.EndsWith(UNet) || changed++ >= times)
                return false;
            var bytes = (byte[])_server.Files[UNet].Clone();
            bytes[1234] ^= 1;
            context.Response.Close(bytes, willBlock: true);
            return true;
        };
        if (times == 1)
        {
            Assert.Equal(_server.Files[UNet], File.ReadAllBytes(Path.Combine(Fetch(), UNet)));
            return;
        }

        Assert.Contains("hash", Refusal(() => Fetch()));
        Assert.False(File.Exists(_folder["hub", "models--owner--tiny", "blobs",
            Convert.ToHexStringLower(SHA256.HashData(_server.Files[UNet]))]));
        Assert.False(File.Exists(_folder["hub", "models--owner--tiny", "refs", "main"]));
    }

    [Theory]
    [InlineData(401, null, "HF_TOKEN")]
    [InlineData(401, Secret, "does not accept the token")]
    [InlineData(403, Secret, "accept its terms")]
    [InlineData(404, null, "has no model owner/tiny")]
    [InlineData(418, null, "answers 418")]
    public void A_refusal_is_one_sentence_with_the_remedy_and_without_the_token(int status, string? token, string named)
    {
        _server.Misbehave = context =>
        {
            HubServer.Refuse(context, status);
            return true;
        };
        var sentence = Refusal(() => Fetch(token: token));
        Assert.Contains(named, sentence);
        Assert.DoesNotContain(Secret, sentence);
        Assert.Equal(token is null ? null : $"Bearer {Secret}", _server.Requests.Single().Authorization);
        Assert.DoesNotContain(Secret, Settings(token).ToString());
    }

    [Theory]
    [InlineData(429, "0")]
    [InlineData(503, null)]
    public void A_busy_server_is_asked_again(int status, string? retryAfter)
    {
        var busy = 0;
        _server.Misbehave = context =>
        {
            if (busy++ % 2 == 1)
                return false;
            HubServer.Refuse(context, status, retryAfter);
            return true;
        };
        Assert.True(File.Exists(Path.Combine(Fetch(), UNet)));
    }

    [Fact]
    public void A_server_that_asks_for_an_hour_is_told_not_waited_for()
    {
        _server.Misbehave = context =>
        {
            HubServer.Refuse(context, 429, "3600");
            return true;
        };
        Assert.Contains("60 minutes", Refusal(() => Fetch()));
    }

    [Fact]
    public void Without_a_network_a_copy_is_used_or_the_sentence_is_clear()
    {
        _server.Dispose();
        Assert.Contains("check the network", Refusal(() => Fetch()));
        Assert.Contains("HF_HUB_OFFLINE", Refusal(() => Fetch(offline: true)));
    }

    [Fact]
    public void What_is_there_whole_needs_no_network_and_what_is_not_is_noticed()
    {
        var snapshot = Fetch();
        _server.Dispose();
        Assert.Equal(snapshot, Fetch());
        Assert.Equal(snapshot, Fetch(offline: true));
        File.Delete(new FileInfo(Path.Combine(snapshot, UNet)).ResolveLinkTarget(true)!.FullName);
        Assert.Contains("not on this machine whole", Refusal(() => Fetch(offline: true)));
    }

    [Fact]
    public void The_token_does_not_follow_a_redirect_to_another_server()
    {
        using var store = new HubServer();
        store.Files[UNet] = _server.Files[UNet];
        _server.Misbehave = context =>
        {
            if (!context.Request.Url!.AbsolutePath.EndsWith(UNet))
                return false;
            context.Response.Redirect(new Uri(store.Endpoint, context.Request.Url.AbsolutePath).AbsoluteUri);
            context.Response.Close();
            return true;
        };
        Fetch(token: Secret);
        Assert.Null(Assert.Single(store.Requests).Authorization);
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("/etc/outside")]
    public void A_listing_that_reaches_outside_the_cache_is_refused(string path)
    {
        _server.Files[path] = Noise(10);
        Assert.Contains("not understood", Refusal(() => Fetch()));
    }

    [Fact]
    public void A_model_on_the_hub_is_loaded_by_its_name()
    {
        using var tiny = TinyModel.Create();
        tiny.Save(_folder["base"], ScalarType.Float32);
        _server.Files.Clear();
        foreach (var file in Directory.GetFiles(_folder["base"], "*", SearchOption.AllDirectories))
            _server.Files[Path.GetRelativePath(_folder["base"], file)] = File.ReadAllBytes(file);
        var heard = new List<HubProgress>();
        Environment.SetEnvironmentVariable("HF_ENDPOINT", _server.Endpoint.AbsoluteUri);
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", _folder["hub"]);
        try
        {
            using var loaded = StableDiffusion.Load(Model + "@main", options: new LoadOptions { Progress = new Heard(heard.Add) });
            Assert.True(loaded.UNet.state_dict()["conv_in.weight"].Equals(tiny.UNet.state_dict()["conv_in.weight"]));
            Assert.Equal("tiny", loaded.Name);
            // Downloaded before, its shapes are looked at without a network; what is not here is told when it is loaded.
            var asked = _server.Requests.Count;
            Assert.Equal(tiny.UNet.parameters().Count(), BaseShape.OfSource(Model)?.UNet.Count);
            Assert.Null(BaseShape.OfSource("nobody/" + Path.GetFileName(_folder.Root)));
            Assert.Equal(asked, _server.Requests.Count);
        }
        finally
        {
            Environment.SetEnvironmentVariable("HF_ENDPOINT", null);
            Environment.SetEnvironmentVariable("HF_HUB_CACHE", null);
        }

        Assert.Equal(heard[^1].Total, heard[^1].Done);
        Assert.Contains(" MB", heard[^1].Line());
    }

    private static byte[] Noise(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static string Refusal(Func<string> fetch)
    {
        var message = Assert.Throws<BadInputException>(() => { fetch(); }).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private HubSettings Settings(string? token = null, bool offline = false) => new()
    {
        Endpoint = _server.Endpoint,
        CacheFolder = _folder["hub"],
        Offline = offline,
        Token = token,
        Patience = TimeSpan.FromMilliseconds(5),
        Silence = TimeSpan.FromSeconds(3),
    };

    private string Fetch(string? variant = null, string revision = "main", string? token = null, bool offline = false) =>
        new HubModel(Model, revision, Settings(token, offline)).Fetch(variant, null, CancellationToken.None);

    private sealed class Heard(Action<HubProgress> take) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => take(value);
    }
}

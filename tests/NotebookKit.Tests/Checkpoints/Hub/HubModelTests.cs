using System.Security.Cryptography;
using System.Text;
using NotebookKit.Checkpoints.Hub;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using NotebookKit.Training;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Checkpoints.Hub;

/// <summary>Models on the hub, fetched into Python's cache.</summary>
public sealed class HubModelTests : HubCases
{
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
            using var loaded = StableDiffusion.Load(Model + "@main",
                options: new LoadOptions { Progress = new Heard<HubProgress>(heard.Add) });
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
}

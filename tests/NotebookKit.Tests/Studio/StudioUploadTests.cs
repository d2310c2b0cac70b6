using System.Net;
using System.Text.Json.Nodes;
using NotebookKit.Images;

namespace NotebookKit.Tests.Studio;

/// <summary>One's own photos, brought by the page.</summary>
public sealed class StudioUploadTests() : StudioCase(judge: null)
{
    private static readonly string Photos = Path.Combine(House.Root, "data", "sample-rabbit");

    private string Kept => _folder["runs", "photos"];

    [Fact]
    public async Task Photos_lie_in_a_folder_of_their_own_with_their_caption_and_are_trained_on()
    {
        var first = await UploadAsync(File.ReadAllBytes(Path.Combine(Photos, "rabbit-1.png")), "name=../../a.png&caption=photo+of+zwx+toy");
        var large = new RgbImage(3200, 800, new byte[3 * 3200 * 800]).ToJpeg(80);
        var second = await UploadAsync(large, $"name=b.jpg&caption=photo+of+zwx+toy&set={(string)first["set"]!}");
        Assert.Equal(2, (int)second["photos"]!);
        var folder = (string)first["folder"]!;
        Assert.Equal(Kept, Path.GetDirectoryName(folder));
        Assert.Equal(["photo-01.png", "photo-01.txt", "photo-02.png", "photo-02.txt"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var smaller = RgbImage.Load(Path.Combine(folder, "photo-02.png"));
        Assert.Equal((1536, 384), (smaller.Width, smaller.Height));

        var form = new JsonObject
        {
            ["instance_dir"] = new JsonArray(folder),
            ["epochs"] = new JsonArray("1"),
            ["class_images"] = new JsonArray("1"),
        };
        var answer = await PostAsync("api/check", form.ToJsonString());
        Assert.Equal(["photo of zwx toy", "photo of zwx toy"], answer["captions"]!.AsArray().Select(row => (string)row!["instance"]!));
        await PostAsync("api/train", form.ToJsonString());
        await UntilAsync(() => State().Phase is "finished" or "failed");
        Assert.Equal("finished", State().Phase);
    }

    [Fact]
    public async Task What_is_no_photo_or_too_large_or_meant_for_another_folder_is_refused_and_leaves_nothing()
    {
        var photo = File.ReadAllBytes(Path.Combine(Photos, "rabbit-1.png"));
        var vast = photo.ToArray();
        (vast[16], vast[17], vast[20], vast[21]) = (0x0F, 0xFF, 0x0F, 0xFF); // claims to be a quarter of a billion pixels each way
        await RefusedAsync([], "", HttpStatusCode.BadRequest);
        await RefusedAsync("<svg onload=alert(1)>"u8.ToArray(), "name=a.png", HttpStatusCode.BadRequest);
        await RefusedAsync("#!/bin/sh"u8.ToArray(), "name=a.png", HttpStatusCode.BadRequest);
        await RefusedAsync(photo[..^200], "name=a.png", HttpStatusCode.BadRequest);
        await RefusedAsync(vast, "name=a.png", HttpStatusCode.BadRequest);
        await RefusedAsync(photo, "set=../../etc", HttpStatusCode.BadRequest);
        await RefusedAsync(photo, "set=2026-01-01-000000", HttpStatusCode.BadRequest);
        await RefusedAsync(photo, $"caption={new string('x', 600)}", HttpStatusCode.BadRequest);
        await RefusedAsync(new byte[33 << 20], "name=a.png", HttpStatusCode.RequestEntityTooLarge);
        Assert.False(Directory.Exists(Kept) && Directory.EnumerateFileSystemEntries(Kept).Any());
    }

    [Fact]
    public async Task A_folder_takes_no_more_photos_than_anybody_trains_on()
    {
        var photo = new RgbImage(8, 8, new byte[3 * 64]).ToPng();
        var set = (string)(await UploadAsync(photo, ""))["set"]!;
        for (var i = 1; i < 64; i++)
            await UploadAsync(photo, $"set={set}");
        await RefusedAsync(photo, $"set={set}", HttpStatusCode.BadRequest);
        Assert.Equal(64, Directory.GetFiles(Path.Combine(Kept, set)).Length);
    }

    private async Task<JsonNode> UploadAsync(byte[] file, string query)
    {
        using var answer = await _client.PostAsync(Below("api/photos?" + query), new ByteArrayContent(file),
            TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task RefusedAsync(byte[] file, string query, HttpStatusCode expected)
    {
        HttpStatusCode status;
        try
        {
            using var answer = await _client.PostAsync(Below("api/photos?" + query), new ByteArrayContent(file),
                TestContext.Current.CancellationToken);
            status = answer.StatusCode;
        }
        catch (HttpRequestException) when (file.Length > 32 << 20) // the server hung up before all of it was sent
        {
            status = HttpStatusCode.RequestEntityTooLarge;
        }

        Assert.Equal(expected, status);
    }
}

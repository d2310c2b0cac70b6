using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NotebookKit.Images;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Studio;

/// <summary>The studio over HTTP, as its page and as others use it.</summary>
public sealed class StudioServerTests() : StudioCase(judge: null)
{
    [Fact]
    public async Task A_form_is_answered_with_steps_memory_words_and_what_is_wrong_field_by_field()
    {
        var answer = await PostAsync("api/check", """{"epochs":["30"],"rank":["many"],"class_prompt":["a photo of a toy"]}""");
        Assert.Equal(150, (int)answer["steps"]!);
        Assert.StartsWith("zwx", (string?)answer["identifier"], StringComparison.Ordinal);
        Assert.True((long)answer["memory"]!["total"]! > 1_000_000);
        Assert.Equal(["rank"], answer["wrong"]!.AsObject().Select(wrong => wrong.Key));
        var refused = await PostAsync("api/check", """{"prior_loss_weight":["-1"]}""");
        Assert.Contains("0 or more", (string?)refused["wrong"]!["prior_loss_weight"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_training_is_started_turned_stopped_and_gone_on_with_and_its_files_are_those_of_kit_train()
    {
        var run = (string)(await PostAsync("api/train", """{"epochs":["4"],"class_images":["2"],"sample_steps":["2"]}"""))["run"]!;
        await UntilAsync(() => State().Phase == "training");
        Assert.Equal(0.3, State().Weight); // where a page that is opened now puts its slider
        await PostAsync("api/knob", """{"prior_loss_weight":1.25}""");
        await UntilAsync(() => State().Turns.Count > 0);
        await PostAsync("api/stop", "{}");
        await UntilAsync(() => State().Phase == "stopped");
        Assert.True(File.Exists(_folder["runs", run, "lora.safetensors"]));
        await PostAsync("api/resume", $$"""{"run":"{{run}}"}""");
        await UntilAsync(() => State() is { Phase: "finished" });
        Assert.Equal(20, State().Points.Count);
        var card = RunCard.Read(_folder["runs", run, "lora.card.json"]);
        Assert.Equal(1.25, Assert.Single(card.Settings.Turns).PriorLossWeight);
        var row = Assert.Single((await _client.GetFromJsonAsync<JsonArray>(Below("api/runs"), TestContext.Current.CancellationToken))!);
        Assert.Equal([0, 4], row!["samples"]!.AsArray().Select(epoch => (int)epoch!));
        var drawn = await PostAsync("api/picture", $$"""
            {"prompt":"a photo of zwx rabbit toy","networks":[{"run":"{{run}}","strength":1}],"guidance":3,"steps":2,"seed":7,
             "across":{"setting":"strength","values":["0","1.5"]},"down":{"setting":"seed","values":["7","8"]} }
            """);
        Assert.Equal(4, drawn["cells"]!.AsArray().Count);
        await File.WriteAllBytesAsync(_folder["drawn.png"], Convert.FromBase64String((string)drawn["cells"]![3]!["pictures"]![0]!),
            TestContext.Current.CancellationToken);
        var settings = GenerationParameters.Read(_folder["drawn.png"])!;
        Assert.Equal("8", settings["Seed"]);
        Assert.EndsWith($"<lora:{run}:1.5>", settings.Prompt, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Refused => new()
    {
        { "api/knob", """{"prior_loss_weight":0.1}""", "Nothing trains" },
        { "api/knob", "[[[", "no form of settings" },
        { "api/train", """{"no_such":["1"]}""", "no setting 'no_such'" },
        { "api/train", """{"output":["/etc/x"]}""", "no setting 'output'" },
        { "api/train", """{"instance_dir":["/nowhere"]}""", "/nowhere" },
        { "api/resume", """{"run":"../../etc"}""", "no run's name" },
        { "api/resume", """{"run":"2020-01-01"}""", "no run card" },
        { "api/picture", """{"prompt":"x","networks":[{"run":"a","strength":2}],"steps":2,"guidance":3,"seed":1}""", "from 0 to 1.5" },
        { "api/picture", """{"prompt":"x","steps":2,"guidance":3,"seed":1,"across":{"setting":"cfg","values":["1"]}}""", "no axis" },
        { "api/knob", "{}", "Nothing trains" },
        { "api/picture", """{"prompt":"","steps":2,"guidance":3,"seed":1,"sampler":"none","count":1}""", "empty" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_cannot_be_done_is_one_sentence(string path, string body, string expected)
    {
        using var answer = await _client.PostAsync(Below(path), new StringContent(body), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var said = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["error"]!;
        Assert.Contains(expected, said, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" at NotebookKit", said, StringComparison.Ordinal);
    }
}

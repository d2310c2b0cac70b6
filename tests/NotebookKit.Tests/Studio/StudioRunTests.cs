using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using NotebookKit.Evaluation;
using NotebookKit.Notebooks.Files;
using NotebookKit.Pipeline;
using NotebookKit.Studio;
using NotebookKit.Training;

namespace NotebookKit.Tests.Studio;

/// <summary>A run under the studio is <c>kit train</c>'s own, measured on the way, and can be opened as a notebook.</summary>
public sealed class StudioRunTests() : StudioCase(() => Probe.Load(Path.Combine(House.Root, "data", "probe")))
{
    [Fact]
    public async Task Measuring_on_the_way_changes_no_bit_of_the_weights_and_the_run_opens_as_a_notebook_that_runs()
    {
        var run = await TrainAsync("""{"epochs":["2"],"class_images":["2"],"sample_steps":["2"],"sample_every":["1"]}""");
        var state = State();
        Assert.Equal([0, 1, 2], state.Scores.Select(scores => scores.Epoch));
        Assert.All(state.Scores, scores => Assert.True(scores is { Pres: not null, Diversity: > 0 }));
        var card = _server.Session.History.Of(run).Card.Settings;
        Assert.Equal(["subject", "class", "neighbour", "sanity"],
            card.Concepts[0].SamplePrompts!.Append(card.Samples.SanityPrompt!).Select(prompt => SampleKinds.Of(card, prompt)));

        using var sd = StableDiffusion.Load(Base);
        var alone = card with { Saving = card.Saving with { Output = _folder["alone", "lora.safetensors"] } };
        new DreamBoothTrainer(sd, alone).Train(cancel: TestContext.Current.CancellationToken);
        Assert.Equal(Numbers(_folder["alone", "lora.safetensors"]), Numbers(_folder["runs", run, "lora.safetensors"]));

        await File.WriteAllTextAsync(_folder["run.ipynb"], await _client.GetStringAsync(new Uri(_server.Address, $"api/notebook/{run}"),
            TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Environment.SetEnvironmentVariable("KIT_QUICK", "1");
        try
        {
            var ran = await new NotebookRunner().RunAsync(NotebookDocument.Load(_folder["run.ipynb"]), _folder["."],
                TestContext.Current.CancellationToken);
            Assert.Null(ran.Failure);
            Assert.Equal(4, ran.Cells);
        }
        finally
        {
            Environment.SetEnvironmentVariable("KIT_QUICK", null);
        }
    }

    [Fact]
    public async Task Two_runs_stand_side_by_side_and_a_whole_model_draws_while_the_base_stays_untouched()
    {
        var first = await TrainAsync("""{"epochs":["1"],"class_images":["2"],"sample_every":["0"]}""");
        var second = await TrainAsync("""{"epochs":["1"],"class_images":["2"],"sample_every":["0"],"method":["dreambooth"]}""");
        var compared = JsonNode.Parse(await _client.GetStringAsync(new Uri(_server.Address, $"api/compare/{first}/{second}"),
            TestContext.Current.CancellationToken))!;
        Assert.Contains(compared["differences"]!.AsArray(), one => (string?)one!["name"] == "method");
        using var answer = await _client.PostAsJsonAsync(new Uri(_server.Address, "api/picture"),
            new { prompt = "a photo of zwx rabbit toy", model = second, steps = 2, guidance = 3, seed = 7 },
            TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await TrainAsync("""{"epochs":["1"],"class_images":["3"],"sample_every":["0"]}"""); // a trained base would refuse class images
    }

    [Fact]
    public void The_sweep_behind_the_scatter_names_its_command_and_reaches_the_corner()
    {
        var sweep = StudioSweep.Read();
        Assert.StartsWith("kit dreambooth-study", sweep.Command, StringComparison.Ordinal);
        Assert.Contains(sweep.Points, point => point is { Pres: < 0.2, Fidelity: > 0.85 });
        Assert.Contains(sweep.Points, point => point.Pres > 0.2);
    }

    private static List<string> Numbers(string path)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        return [.. Safetensors.Load(path).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => entry.Key + Convert.ToHexString(entry.Value.bytes))];
    }

    private async Task<string> TrainAsync(string form)
    {
        var run = (string)(await PostAsync("api/train", form))["run"]!;
        await UntilAsync(() => State().Phase is "finished" or "failed");
        var state = State();
        Assert.True(state.Phase == "finished", state.Said);
        return run;
    }
}

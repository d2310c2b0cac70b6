using System.Diagnostics;
using System.Text.Json.Nodes;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Studio;

/// <summary>The studio as a process of its own that is ended by SIGKILL in the middle of a training.</summary>
public sealed class StudioKillTests : IDisposable
{
    private const string Form = """{"epochs":["6"],"class_images":["2"],"sample_steps":["2"],"save_every":["1"]}""";

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new();

    [Fact]
    public async Task A_run_that_a_kill_has_cut_off_goes_on_to_the_same_end()
    {
        string cut, whole;
        using (var studio = await StartAsync())
        {
            cut = (string)(await PostAsync(studio.Address, "api/train", Form))["run"]!;
            await StudioCase.UntilAsync(() => Directory.Exists(_folder["runs", cut, "checkpoints", "lora"])
                && Directory.GetFiles(_folder["runs", cut, "checkpoints", "lora"], "*.state.safetensors").Length >= 2);
        } // killed

        Assert.False(File.Exists(_folder["runs", cut, "lora.safetensors"]));
        using (var studio = await StartAsync())
        {
            await PageSaysAsync(studio.Address, "!$('last').hidden && $('last').textContent", cut);
            await PostAsync(studio.Address, "api/resume", $$"""{"run":"{{cut}}"}""");
            await StudioCase.UntilAsync(() => Finished(cut));
            whole = (string)(await PostAsync(studio.Address, "api/train", Form))["run"]!;
            await StudioCase.UntilAsync(() => Finished(whole));
            await PageSaysAsync(studio.Address, "$('last').hidden && $('table').textContent", cut);
        }

        Assert.NotEqual(cut, whole);
        Assert.Equal(0, LoraCompare.Of(LoraFile.Read(_folder["runs", cut, "lora.safetensors"]),
            LoraFile.Read(_folder["runs", whole, "lora.safetensors"])).Difference);
    }

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    private bool Finished(string run) => File.Exists(_folder["runs", run, "lora.safetensors"])
        && File.Exists(_folder["runs", run, "lora.card.json"]) && RunCard.Read(_folder["runs", run, "lora.card.json"]).Steps == 30;

    // What a learner who opens the page again reads there; where there is no browser, nothing is asked.
    private static async Task PageSaysAsync(Uri address, string said, string expected)
    {
        if (!Chromium.IsHere)
            return;
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.Browser.NewPageAsync();
        await page.GotoAsync(address.AbsoluteUri);
        await page.WaitForFunctionAsync($"expected => {{ const said = {said}; return said && said.includes(expected); }}", expected);
    }

    private async Task<Killed> StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), "studio", "--no-browser",
            "--base", Path.Combine(House.Root, "data", "base-mini"), "--instance-dir", Path.Combine(House.Root, "data", "sample-rabbit"),
            "--runs", _folder["runs"]])
        {
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var address = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        return new Killed(process, new Uri(address!));
    }

    private async Task<JsonNode> PostAsync(Uri address, string path, string body)
    {
        // The base is loaded while the page is shown already.
        for (var i = 0; ; i++)
        {
            using var answer = await _client.PostAsync(new Uri(address, path), new StringContent(body),
                TestContext.Current.CancellationToken);
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if (answer.IsSuccessStatusCode)
                return text.Length > 0 ? JsonNode.Parse(text)! : new JsonObject();
            Assert.True(i < 600, text);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private sealed record Killed(Process Process, Uri Address) : IDisposable
    {
        public void Dispose()
        {
            Process.Kill();
            Process.WaitForExit();
            Process.Dispose();
        }
    }
}

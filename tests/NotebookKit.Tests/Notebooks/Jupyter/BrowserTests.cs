using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using NotebookKit.Cli.Verbs;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>The first notebook in the classic Jupyter Notebook, in a browser, with a learner's clicks.</summary>
public sealed partial class BrowserTests
{
    private const string First = "00-start-here.ipynb",
        Training = "new DreamBoothTrainer(sd, options).Train(";

    [GeneratedRegex(@"(\d+) steps in ")]
    private static partial Regex Steps();

    [Fact]
    public async Task A_learner_runs_all_interrupts_the_training_goes_on_with_what_was_learned_and_runs_all_again()
    {
        Chromium.Require();
        Assert.SkipUnless(LabVerb.Jupyter() is { Front: "notebook" } jupyter && LabVerb.Has(jupyter.Python, "notebook.notebookapp"),
            "kit lab finds no classic Jupyter Notebook on this machine");
        using var checkout = new SmallCheckout();
        using var lab = new LabProcess(checkout.Program, checkout.Root);
        await lab.AnswersAsync();
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.Browser.NewPageAsync(new BrowserNewPageOptions
        { ViewportSize = new ViewportSize { Width = 1200, Height = 1000 } });
        var notebook = new ClassicNotebook(page);
        await notebook.OpenAsync(lab.AddressOf(First));

        // The committed outputs are shown with their charts.
        await notebook.ShootAsync("0-as-committed", await notebook.FindAsync(Training));
        Assert.NotEmpty(await notebook.ChartAsync(await notebook.FindAsync(Training)));

        // What is seen from here on was made here.
        await notebook.ChooseAsync("#celllink", "#all_outputs", "#clear_all_output");
        Assert.Equal(0, await notebook.OutputCountAsync());
        await notebook.ShootAsync("1-opened", 0);
        await notebook.ChooseAsync("#celllink", "#run_all_cells");

        var (grid, train) = (await notebook.FindAsync("Draw(\"a photo of a red rabbit toy on the grass\")"),
            await notebook.FindAsync(Training));
        await ClassicNotebook.UntilAsync(async () => await notebook.PicturesAsync(grid) is [> 0], "the first grid is shown");
        await notebook.ShootAsync("2-first-grid", grid - 2);

        // The chart grows and the samples come while the cell runs.
        var charts = new HashSet<string>();
        await ClassicNotebook.UntilAsync(async () => await notebook.ChartAsync(train) is { Length: > 0 } chart && charts.Add(chart)
            && charts.Count >= 3, "the chart moves");
        await ClassicNotebook.UntilAsync(async () => await notebook.PicturesAsync(train) is [> 0], "the training shows samples");
        Assert.True(await notebook.IsPendingAsync(train), "the training was over before it was interrupted");
        await notebook.ShootAsync("3-training", train - 1);

        await notebook.ChooseAsync("#kernellink", "#int_kernel");
        await ClassicNotebook.UntilAsync(async () => !await notebook.IsPendingAsync(train), "the interrupted cell ends");
        Assert.Matches(@"loss [\d.]+ \(class [\d.]+\), stopped", await notebook.OutputAsync(train));
        await notebook.RanAllAsync();
        Assert.Empty(await notebook.ErrorsAsync());
        Assert.InRange(await StepsAsync(notebook), 3, 389);
        Assert.True(File.Exists(checkout["artifacts", "tutorial", "loras", "rabbit.safetensors"]));
        await notebook.ShootAsync("4-interrupted", train);

        await RunAllAgainAsync(notebook, train);
    }

    private static async Task RunAllAgainAsync(ClassicNotebook notebook, int train)
    {
        await notebook.ChooseAsync("#kernellink", "#restart_run_all");
        await notebook.ConfirmAsync();
        await notebook.RanAllAsync();
        Assert.Empty(await notebook.ErrorsAsync());
        Assert.Equal(390, await StepsAsync(notebook));
        await notebook.ShootAsync("5-trained", train);
        var proof = await notebook.FindAsync("Check.That(");
        Assert.DoesNotContain("✘", await notebook.OutputAsync(proof));
        await notebook.ShootAsync("6-proved", proof);
        foreach (var text in new[] { "var photos =", "IdentifierRarity.Of", ".WithTitles(\"Learning rate\"", "var lora = LoraNetwork.Load",
            "double[] strengths" })
            await notebook.ShootAsync($"7-{await notebook.FindAsync(text)}", await notebook.FindAsync(text));
    }

    // The cell after the training tells how far it came.
    private static async Task<int> StepsAsync(ClassicNotebook notebook) =>
        int.Parse(Steps().Match(await notebook.OutputAsync(await notebook.FindAsync("result.History.Take(50)"))).Groups[1].Value,
            CultureInfo.InvariantCulture);
}

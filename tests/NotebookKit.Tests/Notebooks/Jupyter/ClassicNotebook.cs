using System.Diagnostics;
using Microsoft.Playwright;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>The page of a notebook in the classic Jupyter Notebook, as a learner uses it: its menus, its cells.</summary>
internal sealed class ClassicNotebook(IPage page)
{
    private const float Patience = 240_000;

    /// <summary>Opens the notebook and waits for its kernel.</summary>
    public async Task OpenAsync(string address)
    {
        page.SetDefaultTimeout(Patience);
        await page.GotoAsync(address);
        await page.WaitForFunctionAsync("() => window.Jupyter && Jupyter.notebook && Jupyter.notebook._fully_loaded && "
            + "Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()");
        await page.EvaluateAsync("() => Jupyter.notebook.set_autosave_interval(0)");
    }

    /// <summary>Clicks an entry of a menu, by the ids that Notebook gives them.</summary>
    public async Task ChooseAsync(string menu, params string[] entries)
    {
        await page.ClickAsync(menu);
        foreach (var entry in entries[..^1])
            await page.HoverAsync(entry);
        await page.ClickAsync(entries[^1]);
    }

    /// <summary>Confirms the question that Notebook asks before it restarts a kernel.</summary>
    public Task ConfirmAsync() => page.ClickAsync(".modal-dialog .btn-danger");

    /// <summary>The place of the cell whose code contains a text.</summary>
    public Task<int> FindAsync(string text) =>
        page.EvaluateAsync<int>("text => Jupyter.notebook.get_cells().findIndex(cell => cell.get_text().includes(text))", text);

    /// <summary>What stands below a cell, as text.</summary>
    public Task<string> OutputAsync(int cell) =>
        page.EvaluateAsync<string>("i => Jupyter.notebook.get_cell(i).element.find('.output').text()", cell);

    /// <summary>The chart below a cell, as it is drawn; empty where there is none.</summary>
    public Task<string> ChartAsync(int cell) =>
        page.EvaluateAsync<string>("i => (Jupyter.notebook.get_cell(i).element.find('.output svg')[0] || {}).innerHTML || ''", cell);

    /// <summary>The widths of the pictures below a cell that the browser could decode and shows.</summary>
    public Task<int[]> PicturesAsync(int cell) => page.EvaluateAsync<int[]>("i => Jupyter.notebook.get_cell(i).element.find('.output "
        + "img').get().filter(img => img.complete && img.offsetWidth > 0).map(img => img.naturalWidth)", cell);

    /// <summary>Whether a cell waits or runs: its number is a star.</summary>
    public Task<bool> IsPendingAsync(int cell) =>
        page.EvaluateAsync<bool>("i => Jupyter.notebook.get_cell(i).input_prompt_number === '*'", cell);

    /// <summary>Every error shown in the notebook.</summary>
    public Task<string[]> ErrorsAsync() => page.EvaluateAsync<string[]>("() => Jupyter.notebook.get_cells().flatMap(cell => "
        + "cell.output_area ? cell.output_area.outputs : []).filter(output => output.output_type === 'error').map(output => output.ename "
        + "+ ': ' + output.evalue)");

    /// <summary>How many outputs the notebook shows.</summary>
    public Task<int> OutputCountAsync() =>
        page.EvaluateAsync<int>("() => Jupyter.notebook.get_cells().flatMap(cell => cell.output_area ? cell.output_area.outputs : "
            + "[]).length");

    /// <summary>Waits until cells have begun to run, and then until none waits or runs, or one has failed.</summary>
    public async Task RanAllAsync()
    {
        await UntilAsync(async () => await PendingAsync() > 0, "cells run");
        await UntilAsync(async () => await PendingAsync() == 0 || (await ErrorsAsync()).Length > 0, "all cells have run");
    }

    /// <summary>Waits for something to become true.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var clock = Stopwatch.StartNew(); !await condition(); await Task.Delay(150))
            Assert.True(clock.ElapsedMilliseconds < Patience, $"Waited in vain: {what}.");
    }

    /// <summary>A picture of the page with a cell at its top, for people to look at.</summary>
    public async Task ShootAsync(string name, int cell)
    {
        await page.EvaluateAsync("i => Jupyter.notebook.get_cell(i).element[0].scrollIntoView()", cell);
        await page.ScreenshotAsync(new PageScreenshotOptions
        { Path = Path.Combine(House.Root, "artifacts", "test-screenshots", name + ".png") });
    }

    private Task<int> PendingAsync() =>
        page.EvaluateAsync<int>("() => Jupyter.notebook.get_cells().filter(cell => cell.input_prompt_number === '*').length");
}

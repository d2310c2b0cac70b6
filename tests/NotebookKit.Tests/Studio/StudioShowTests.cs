using NotebookKit.Notebooks.Files;
using NotebookKit.Tests.Notebooks.Files;

namespace NotebookKit.Tests.Studio;

/// <summary>The studio in a notebook: its cells run by the engine, and what they leave opened in a browser.</summary>
public sealed class StudioShowTests
{
    [Fact]
    public async Task A_cell_shows_the_page_in_a_frame_that_trains_and_a_later_cell_shows_the_same_page_and_the_run()
    {
        Chromium.Require();
        using var folder = new TemporaryFolder();
        string Text(params string[] parts) => "@\"" + Path.Combine([House.Root, .. parts]) + "\"";
        var show = $"await Studio.Show({Text("data", "base-mini")}, {Text("data", "sample-rabbit")}, runs: \"runs\")";
        NotebookMaker.Write(folder["show.ipynb"],
            $"#r \"{typeof(NotebookKit.Studio.Studio).Assembly.Location}\"\nusing NotebookKit.Studio;", show, show);
        try
        {
            var notebook = NotebookDocument.Load(folder["show.ipynb"]);
            var ran = await new NotebookRunner().RunAsync(notebook, folder["."], TestContext.Current.CancellationToken);
            Assert.Null(ran.Failure);
            await File.WriteAllTextAsync(folder["show.html"], NotebookPage.Render(notebook), TestContext.Current.CancellationToken);

            await using var chromium = await Chromium.StartAsync();
            var page = await chromium.Browser.NewPageAsync();
            page.SetDefaultTimeout(120_000);
            await page.GotoAsync(new Uri(folder["show.html"]).AbsoluteUri); // of another origin than the studio, as Jupyter's is
            var addresses = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('iframe')].map(frame => frame.src)");
            Assert.Equal(2, addresses.Length);
            Assert.Equal(addresses[0], addresses[1]);
            var frame = page.FrameLocator("iframe >> nth=0");
            await frame.Locator("#f-epochs").FillAsync("1");
            await frame.Locator("#f-class_images").FillAsync("2");
            await frame.Locator("#train:enabled").ClickAsync();
            await page.FrameLocator("iframe >> nth=1").Locator("#table td:text-is('1')").First.WaitForAsync(); // the other frame sees it
            await frame.Locator("#scatter, #table button").First.WaitForAsync();

            var again = NotebookDocument.Load(folder["show.ipynb"]);
            await new NotebookRunner().RunAsync(again, folder["."], TestContext.Current.CancellationToken);
            var run = Path.GetFileName(Directory.GetDirectories(folder["runs"], "2*").Single());
            var saved = NotebookPage.Render(again);
            Assert.Contains(addresses[0], saved, StringComparison.Ordinal);
            Assert.Contains($"<td>{run}</td><td>0.3</td>", saved, StringComparison.Ordinal); // what a saved notebook keeps
        }
        finally
        {
            await NotebookKit.Studio.Studio.Stop();
        }
    }
}

using Microsoft.Playwright;
using NotebookKit.Evaluation;
using NotebookKit.Studio;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Studio;

/// <summary>The studio's page in a real browser, over a real training on the miniature base.</summary>
public sealed class StudioPageTests
{
    [Fact]
    public async Task A_learner_trains_moves_the_knob_closes_the_page_comes_back_and_draws()
    {
        Chromium.Require();
        using var folder = new TemporaryFolder();
        await using var server = await StudioServer.StartAsync(Path.Combine(House.Root, "data", "base-mini"), folder["runs"],
            Path.Combine(House.Root, "data", "sample-rabbit"), () => Probe.Load(Path.Combine(House.Root, "data", "probe")));
        await using var chromium = await Chromium.StartAsync();
        var page = await OpenAsync(chromium.Browser, server, dark: false, width: 1280);
        await page.WaitForFunctionAsync("() => !document.getElementById('train').disabled && document.getElementById('f-epochs')");
        await page.FillAsync("#f-epochs", "20");
        await page.FillAsync("#f-class_images", "8");
        await page.WaitForFunctionAsync("() => document.getElementById('answers').textContent.includes('100')");
        await page.FillAsync("#f-rank", "0");
        await page.WaitForFunctionAsync("() => document.getElementById('f-rank').getAttribute('aria-invalid') === 'true'");
        await page.FillAsync("#f-rank", "8");
        await ShootAsync(page, "1-settings");
        await page.ClickAsync("#train");
        await page.WaitForFunctionAsync("() => state.phase === 'training' && points.length > 3");
        await TurnAsync(page, 0.1);
        await TurnAsync(page, 0.6);
        await ShootAsync(page, "2-training");
        await page.CloseAsync();

        page = await OpenAsync(chromium.Browser, server, dark: true, width: 1280);
        await page.ClickAsync("#language");
        await page.WaitForFunctionAsync("() => points.length > 20 && state.turns.length === 2");
        await page.ClickAsync("#stop");
        await page.WaitForFunctionAsync("() => state.phase === 'stopped'");
        await page.ClickAsync("#table button");
        await page.WaitForFunctionAsync("() => state.phase === 'finished'");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('#scatter circle.run').length === 1");
        var measured = await page.EvaluateAsync<int[]>("() => state.scores.map(score => score.epoch)");
        Assert.Equal([0, 10, 20], measured);
        Assert.True(await page.EvaluateAsync<bool>("() => document.querySelectorAll('#scatter circle.sweep').length >= 5"));
        await page.ClickAsync("#draw");
        await page.WaitForFunctionAsync("() => document.querySelector('#drawn img')?.naturalWidth > 0");
        await ShootAsync(page, "3-finished-zh-dark");
        var run = Assert.Single(Directory.GetDirectories(folder["runs"]), path => !path.EndsWith("class-images", StringComparison.Ordinal));
        Assert.Equal([0.1, 0.6],
            RunCard.Read(Path.Combine(run, "lora.card.json")).Settings.Turns.Select(turn => turn.PriorLossWeight!.Value));

        page = await OpenAsync(chromium.Browser, server, dark: false, width: 390);
        await page.WaitForFunctionAsync("() => points.length === 100");
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), "it is wider than a phone");
        await ShootAsync(page, "4-phone");
    }

    public static TheoryData<string> WrongFields =>
    [
        "rank=0", "rank=many", "rank=-4", "rank=1.5", "epochs=0", "epochs=ten", "prior_loss_weight=-1", "prior_loss_weight=NaN",
        "class_images=-3", "class_images=x", "instance_dir=/nowhere", "instance_prompt=", "learning_rate=0", "learning_rate=1e30",
        "learning_rate=fast", "batch_size=0", "warmup=-1", "lora_dropout=2", "sample_steps=0",
        "save_every=-1", "gradient_accumulation=0", "alpha=-1", "token_vectors=0", "snr_gamma=-5", "noise_offset=x", "seed=abc",
        "max_grad_norm=-1", "sample_every=x", "conv_rank=0", "samples_per_prompt=0", "text_encoder_ratio=3",
    ];

    [Fact]
    public async Task Thirty_wrong_inputs_are_each_marked_at_their_field_and_two_pages_show_one_training()
    {
        Chromium.Require();
        using var folder = new TemporaryFolder();
        await using var server = await StudioServer.StartAsync(Path.Combine(House.Root, "data", "base-mini"), folder["runs"],
            Path.Combine(House.Root, "data", "sample-rabbit"), judge: null);
        await using var chromium = await Chromium.StartAsync();
        var page = await OpenAsync(chromium.Browser, server, dark: false, width: 1280);
        await page.WaitForFunctionAsync("() => !document.getElementById('train').disabled && document.getElementById('f-epochs')");
        await page.EvaluateAsync("() => document.querySelectorAll('details').forEach(part => part.open = true)");
        var unmarked = new List<string>();
        page.SetDefaultTimeout(3000);
        foreach (var (field, value) in WrongFields.Select(row => row.Data.Split('=', 2)).Select(pair => (pair[0], pair[1])))
        {
            var usual = await page.InputValueAsync($"#f-{field}");
            await page.FillAsync($"#f-{field}", value);
            try
            {
                await page.WaitForFunctionAsync($"() => document.getElementById('f-{field}').getAttribute('aria-invalid') === 'true'");
            }
            catch (TimeoutException)
            {
                unmarked.Add($"{field}={value}");
            }

            await page.FillAsync($"#f-{field}", usual);
        }

        Assert.Empty(unmarked);
        page.SetDefaultTimeout(120_000);
        await page.WaitForFunctionAsync("() => !document.querySelector('[aria-invalid=true]')");
        await page.FillAsync("#f-epochs", "4");
        await page.FillAsync("#f-class_images", "2");
        var other = await OpenAsync(chromium.Browser, server, dark: false, width: 1280);
        await page.ClickAsync("#train");
        foreach (var one in new[] { page, other })
            await one.WaitForFunctionAsync("() => state.phase === 'finished' && points.length === 20");
        Assert.Equal(await page.EvaluateAsync<double>("() => points[19].loss"), await other.EvaluateAsync<double>("() => points[19].loss"));
    }

    private static async Task<IPage> OpenAsync(IBrowser browser, StudioServer server, bool dark, int width)
    {
        var page = await browser.NewPageAsync(new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 1000 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            Locale = "en-US",
        });
        page.SetDefaultTimeout(240_000);
        await page.GotoAsync(server.Address.AbsoluteUri);
        return page;
    }

    private static async Task TurnAsync(IPage page, double weight)
    {
        var before = await page.EvaluateAsync<int>("() => state.turns.length");
        await page.EvaluateAsync("weight => { plw = document.getElementById('plw'); plw.value = weight; plw.oninput(); plw.onchange(); }",
            weight);
        await page.WaitForFunctionAsync("before => state.turns.length > before", before);
    }

    private static async Task ShootAsync(IPage page, string name) =>
        await page.ScreenshotAsync(new PageScreenshotOptions
        {
            FullPage = true,
            Path = Path.Combine(House.Root, "artifacts", "studio", name + ".png")
        });
}

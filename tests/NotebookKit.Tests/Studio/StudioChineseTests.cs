using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace NotebookKit.Tests.Studio;

/// <summary>The page in Chinese: nothing on it, and nothing that the server says to it, stays English.</summary>
public sealed partial class StudioChineseTests() : StudioCase(judge: null)
{
    // Names that Chinese texts have in Latin letters too; the choices of the settings come beside them.
    private static readonly string[] Names = ["NotebookKit", "English", "LoRA", "DoRA", "rsLoRA", "VAE", "UNet", "CFG", "PRES", "PNG",
        "JPEG", "WebP", "MB", "GB", "kB", "token", "txt", "caption", "filewords", "kohya", "alpha", "SNR", "EMA", "min", "gamma", "PEFT",
        "attention", "extension", "extended", "locon", "all", "transformer", "zwx", "SD", "Stable", "Diffusion", "toy", "rabbit"];

    // Forms that are warned about, or told something: fields and values in turn.
    private static readonly string[][] Surprising = [["warmup", "5000"], ["learning_rate", "1"], ["schedule", "constant", "warmup", "9"],
        ["class_prompt", ""], ["method", "textual_inversion"], ["method", "imagic"], ["random_crop", "true"],
        ["shuffle_captions", "true", "free_encoders", "true"], ["optimizer", "prodigy", "learning_rate", "1e-4"],
        ["instance_token", "rabbit"], ["schedule_cycles", "4"], ["schedule", "cosine_with_restarts", "schedule_cycles", "900"]];

    // Shown text and what screen readers are told; what is data, such as a prompt or a path, says that it is not to be translated.
    private const string Untranslated = """
        names => {
          document.querySelectorAll("details").forEach(part => part.open = true);
          const allowed = new Set([...names, ...fields.flatMap(field => field.choices ?? [])]), found = [];
          const look = (text, where) => {
            if ((text ?? "").match(/[A-Za-z][A-Za-z_]+/g)?.some(word => !allowed.has(word))) found.push(`${where}: ${text}`);
          };
          const walk = node => {
            if (node.nodeType === Node.TEXT_NODE) look(node.data, node.parentElement.id || node.parentElement.tagName);
            if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute("translate") === "no" || node.tagName === "SCRIPT") return;
            for (const name of ["aria-label", "title", "placeholder", "alt"]) look(node.getAttribute(name), name);
            node.childNodes.forEach(walk);
          };
          walk(document.body);
          return found;
        }
        """;

    [Fact]
    public async Task A_Chinese_page_shows_no_English_before_a_training_with_own_photos_and_after_it()
    {
        Chromium.Require();
        await using var chromium = await Chromium.StartAsync();
        var page = await OpenAsync(chromium.Browser);
        Assert.Empty(await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.bad, .wrong')].map(e => e.textContent)"
            + ".filter(text => text)")); // nothing is red before anything is changed
        Assert.Empty(await page.EvaluateAsync<string[]>("() => Object.keys(words.en).filter(key => !words.zh[key])"));
        Assert.Empty(await page.EvaluateAsync<string[]>("() => fields.map(field => field.name).filter(name => !fieldsZh[name])"));
        Assert.Empty(await page.EvaluateAsync<string[]>(Untranslated, Names));

        await page.SetInputFilesAsync("#own-files", [Photo("rabbit-1.png"), Photo("rabbit-2.png")]);
        await page.WaitForFunctionAsync("() => document.querySelectorAll('#captions tr').length === 3");
        Assert.StartsWith(_folder["runs", "photos"], await page.InputValueAsync("#f-instance_dir"), StringComparison.Ordinal);
        foreach (var (field, value) in new[] { ("epochs", "1"), ("class_images", "2"), ("warmup", "500"), ("sample_steps", "2") })
            await page.FillAsync($"#f-{field}", value);
        await page.WaitForFunctionAsync("() => document.querySelector('#answers .bad')"); // 500 of 2
        Assert.Empty(await page.EvaluateAsync<string[]>(Untranslated, Names));
        await page.ClickAsync("#train");
        await page.WaitForFunctionAsync("() => state.phase === 'finished' && document.querySelector('#table a')");
        Assert.Empty(await page.EvaluateAsync<string[]>(Untranslated, Names));
    }

    [Fact]
    public async Task What_the_server_says_has_a_Chinese_sentence()
    {
        Chromium.Require();
        var said = new List<string>();
        foreach (var form in StudioPageTests.WrongFields.Select(row => row.Data.Split('=', 2)).Concat(Surprising))
        {
            var fields = form.Chunk(2).Select(pair => KeyValuePair.Create(pair[0], (JsonNode?)new JsonArray(pair[1])));
            var answer = await PostAsync("api/check", new JsonObject(fields).ToJsonString());
            said.AddRange(answer["wrong"]!.AsObject().Select(wrong => (string)wrong.Value!));
            said.AddRange(new[] { "warnings", "hints", "advice" }.SelectMany(kind => answer[kind]?.AsArray() ?? [])
                .Select(one => (string)one!));
        }

        foreach (var (path, body) in StudioServerTests.Refused.Select(row => (row.Data.Item1, row.Data.Item2)))
        {
            using var answer = await _client.PostAsync(Below(path), new StringContent(body), TestContext.Current.CancellationToken);
            said.Add((string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["error"]!);
        }

        Assert.True(said.Distinct().Count() > 50, $"only {said.Distinct().Count()} sentences");
        await using var chromium = await Chromium.StartAsync();
        var page = await OpenAsync(chromium.Browser);
        var translated = await page.EvaluateAsync<string[]>("all => all.map(say)", said.Distinct().ToArray());
        Assert.Empty(said.Distinct().Zip(translated).Where(pair => Prose().IsMatch(pair.Second) || !Chinese().IsMatch(pair.Second))
            .Select(pair => $"{pair.First} → {pair.Second}"));
    }

    private static FilePayload Photo(string name) => new()
    {
        Name = name,
        MimeType = "image/png",
        Buffer = File.ReadAllBytes(Path.Combine(House.Root, "data", "sample-rabbit", name)),
    };

    private async Task<IPage> OpenAsync(IBrowser browser)
    {
        var page = await browser.NewPageAsync(new BrowserNewPageOptions { Locale = "zh-CN" });
        page.SetDefaultTimeout(120_000);
        await page.GotoAsync(_server.Address.AbsoluteUri);
        await page.WaitForFunctionAsync("() => document.querySelector('#answers b') && !document.getElementById('train').disabled");
        return page;
    }

    [GeneratedRegex("[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}|（英文）")]
    private static partial Regex Prose();

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Chinese();
}

using System.Text.Json.Nodes;
using NotebookKit.Evaluation;
using NotebookKit.Studio;

namespace NotebookKit.Tests.Studio;

/// <summary>A studio over base-mini and the sample rabbit, talked to over HTTP.</summary>
/// <param name="judge">What judges likeness; null for nothing.</param>
public abstract class StudioCase(Func<Probe>? judge) : IAsyncLifetime
{
    private protected static readonly string Base = Path.Combine(House.Root, "data", "base-mini");

    private protected readonly TemporaryFolder _folder = new();
    private protected readonly HttpClient _client = new();
    private protected StudioServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await StudioServer.StartAsync(Base, _folder["runs"], Path.Combine(House.Root, "data", "sample-rabbit"), judge);
        await UntilAsync(() => _server.Session.Base.Model is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected StudioState State() => _server.Session.State("", 0);

    private protected Uri Below(string path) => new(_server.Address, path);

    private protected async Task<JsonNode> PostAsync(string path, string body)
    {
        using var answer = await _client.PostAsync(Below(path), new StringContent(body), TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text.Length > 0 ? JsonNode.Parse(text)! : new JsonObject();
    }

    /// <summary>Waits, two minutes at most.</summary>
    internal static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 2400 && !holds(); i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.True(holds());
    }
}

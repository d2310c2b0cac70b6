using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace NotebookKit.Workshop.Bench;

/// <summary>A studio in a process of its own, and what its page does: ask, and listen to its events.</summary>
internal sealed class StudioClient : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Queue<long> _heard = new();
    private readonly Process _process;
    private readonly Uri _address;
    private volatile string _phase = "";

    private StudioClient(Process process, Uri address) => (_process, _address) = (process, address);

    /// <summary>From the process's start until the page, its parts and its fields were there.</summary>
    public double ReadySeconds { get; private set; }

    /// <summary>The most updates that came within a second.</summary>
    public int UpdatesPerSecond { get; private set; }

    /// <summary>Starts a studio and opens its page.</summary>
    /// <param name="program">What starts it.</param>
    public static async Task<StudioClient> StartAsync(IReadOnlyList<string> program)
    {
        var clock = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo(program[0], program.Skip(1)) { RedirectStandardOutput = true })!;
        var address = await process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("The studio ended before it told its address.");
        var client = new StudioClient(process, new Uri(address));
        var page = await client._http.GetStringAsync(client._address);
        foreach (var part in page.Split('"').Where(text => text.EndsWith(".js", StringComparison.Ordinal)
            || text.EndsWith(".css", StringComparison.Ordinal)).Append("api/settings"))
            await client._http.GetByteArrayAsync(new Uri(client._address, part));
        client.ReadySeconds = clock.Elapsed.TotalSeconds;
        _ = client.ListenAsync();
        return client;
    }

    /// <summary>Asks what a page asks.</summary>
    public async Task<JsonNode> PostAsync(string path, string body)
    {
        if (path is "api/train")
            _phase = ""; // the phase of the run before is not this one's
        using var answer = await _http.PostAsync(new Uri(_address, path), new StringContent(body));
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(text);
        return text.Length > 0 ? JsonNode.Parse(text)! : new JsonObject();
    }

    /// <summary>Waits until the page is told a phase.</summary>
    public async Task UntilAsync(string phase)
    {
        while (_phase != phase)
        {
            if (_phase == "failed")
                throw new InvalidOperationException("The training failed.");
            await Task.Delay(20);
        }
    }

    /// <summary>The least memory that the process holds in a time: what is collected soon does not count.</summary>
    public async Task<long> LeastResidentAsync(TimeSpan time)
    {
        var (clock, least) = (Stopwatch.StartNew(), long.MaxValue);
        while (clock.Elapsed < time)
        {
            least = Math.Min(least, Resident());
            await Task.Delay(500);
        }

        return least;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _http.Dispose();
        _end.Dispose();
    }

    private long Resident() => long.Parse(File.ReadLines($"/proc/{_process.Id}/status")
        .First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;

    private async Task ListenAsync()
    {
        try
        {
            using var reader = new StreamReader(await _http.GetStreamAsync(new Uri(_address, "api/events"), _end.Token));
            while (await reader.ReadLineAsync(_end.Token) is { } line)
            {
                if (!line.StartsWith("data: ", StringComparison.Ordinal))
                    continue;
                _phase = (string)JsonNode.Parse(line[6..])!["phase"]!;
                var now = Stopwatch.GetTimestamp();
                _heard.Enqueue(now);
                while (Stopwatch.GetElapsedTime(_heard.Peek(), now).TotalSeconds > 1)
                    _heard.Dequeue();
                UpdatesPerSecond = Math.Max(UpdatesPerSecond, _heard.Count);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException)
        {
            // The studio has ended.
        }
    }
}

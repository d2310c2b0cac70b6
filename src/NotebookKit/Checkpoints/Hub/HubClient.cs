using System.Net;
using System.Net.Http.Headers;

namespace NotebookKit.Checkpoints.Hub;

/// <summary>Talks to the hub: tries again what may pass, and says in one sentence what will not.</summary>
internal sealed class HubClient(HubSettings settings, string model, string revision) : IDisposable
{
    private const int Tries = 5, MaximumListing = 32 << 20;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);
    private bool _reached;
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(20),
        AutomaticDecompression = DecompressionMethods.None
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>What the revision holds.</summary>
    /// <exception cref="BadInputException">The hub refuses; the sentence says why and what to do.</exception>
    /// <exception cref="HubUnreachableException">There is no network, or the hub does not answer.</exception>
    public async Task<HubListing> List(CancellationToken cancel)
    {
        var address = $"{settings.Endpoint.AbsoluteUri.TrimEnd('/')}/api/models/{model}/revision/"
            + $"{Uri.EscapeDataString(revision)}?blobs=true";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var response = await Send(address, 0, "", cancel);
                using var quiet = Quiet(cancel);
                await response.Content.LoadIntoBufferAsync(MaximumListing, quiet.Token);
                return HubListing.Parse(await response.Content.ReadAsByteArrayAsync(quiet.Token), model);
            }
            catch (Exception e) when (IsBrokenConnection(e, cancel))
            {
                await WaitOrGiveUp(attempt, null, e, cancel);
            }
        }
    }

    /// <summary>Asks for a file from a byte on. The answer is 200 (from the start) or 206 (from there).</summary>
    /// <exception cref="BadInputException">As <see cref="List"/>.</exception>
    /// <exception cref="HubUnreachableException">As <see cref="List"/>.</exception>
    public Task<HttpResponseMessage> Open(HubFile file, string commit, long from, CancellationToken cancel)
    {
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        return Send($"{settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{model}/resolve/{commit}/{path}", from, file.Path, cancel);
    }

    /// <summary>Waits before the next try, longer each time.</summary>
    /// <exception cref="HubUnreachableException">There were tries enough.</exception>
    public async Task WaitOrGiveUp(int attempt, TimeSpan? asked, Exception? reason, CancellationToken cancel)
    {
        var wait = asked ?? settings.Patience * Math.Pow(2, attempt - 1);
        // Where not even the hub's address is known there is no network, and waiting brings none.
        var alone = !_reached && reason is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError };
        if (attempt >= Tries || wait > LongestWait || alone)
            throw new HubUnreachableException(asked is { } hours && hours > LongestWait
                ? $"The hub asks to wait {hours.TotalMinutes:0} minutes before the next request; try again then, or set HF_TOKEN, which "
                    + "allows more."
                : $"{settings.Endpoint.Host} can't be reached ({Reason(reason)}); check the network, then run this again: what was "
                    + "downloaded is kept.", reason);
        await Task.Delay(wait, cancel);
    }

    /// <summary>Whether a failure is one that the next try may not meet.</summary>
    public static bool IsBrokenConnection(Exception e, CancellationToken cancel) =>
        e is HttpRequestException or IOException { HResult: not 28 }
            || (e is OperationCanceledException && !cancel.IsCancellationRequested);

    /// <summary>Cancelled when the server has been silent for too long.</summary>
    public CancellationTokenSource Quiet(CancellationToken cancel)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        source.CancelAfter(settings.Silence);
        return source;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> Send(string address, long from, string file, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (asked, reason) = ((TimeSpan?)null, (Exception?)null);
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                request.Headers.UserAgent.ParseAdd("notebookkit/1");
                // On a redirect to a file store, .NET takes this header off.
                if (settings.Token is { } token)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                if (from > 0)
                    request.Headers.Range = new RangeHeaderValue(from, null);
                using var quiet = Quiet(cancel);
                var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, quiet.Token);
                _reached = true;
                if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                    return response;
                using (response)
                {
                    if (Refusal(response, file) is { } refusal)
                        throw refusal;
                    asked = Asked(response);
                    reason = new HttpRequestException($"it answers {(int)response.StatusCode}");
                }
            }
            catch (Exception e) when (IsBrokenConnection(e, cancel))
            {
                reason = e;
            }

            await WaitOrGiveUp(attempt, asked, reason, cancel);
        }
    }

    private BadInputException? Refusal(HttpResponseMessage response, string file) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized when settings.Token is null =>
            new($"The hub has no public model {model}: check the name, or, for one that needs permission, put your token into HF_TOKEN."),
        HttpStatusCode.Unauthorized =>
            new($"The hub does not accept the token in HF_TOKEN for {model}; make a new one in your settings there."),
        HttpStatusCode.Forbidden =>
            new($"{model} may not be downloaded by you: open {settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{model}, accept its terms, and "
                + "set HF_TOKEN to a token that may read it."),
        HttpStatusCode.NotFound when file.Length > 0 =>
            new($"The hub no longer has {file} of {model}; run this again to see what it has now."),
        HttpStatusCode.NotFound =>
            new($"The hub has no model {model}{(revision == "main" ? "" : $" with a revision {revision}")}; check the name."),
        HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => null,
        _ => new($"The hub answers {(int)response.StatusCode} to a request for {model}; check the name, or try again later."),
    };

    private static TimeSpan? Asked(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : TimeSpan.Zero,
        _ => null,
    };

    private static string Reason(Exception? e) => e switch
    {
        null => "it does not answer",
        OperationCanceledException => "it does not answer in time",
        _ => e.Message.ReplaceLineEndings(" ").TrimEnd('.'),
    };
}

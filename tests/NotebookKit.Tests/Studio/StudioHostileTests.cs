using System.Net;

namespace NotebookKit.Tests.Studio;

/// <summary>The studio among requests that mean no good.</summary>
public sealed class StudioHostileTests() : StudioCase(judge: null)
{
    private const int Requests = 10_000;

    private static readonly string Large = new('x', 300_000);

    private readonly Random _random = new(1);

    [Fact]
    public async Task Ten_thousand_hostile_requests_reach_nothing_and_the_studio_answers_its_page_as_before()
    {
        var statuses = new Dictionary<HttpStatusCode, int>();
        for (var i = 0; i < Requests; i++)
        {
            using var request = Hostile(i);
            HttpStatusCode status;
            try
            {
                using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
                status = answer.StatusCode;
            }
            catch (HttpRequestException) // the server hung up on a body that is too large
            {
                status = HttpStatusCode.RequestEntityTooLarge;
            }

            statuses[status] = statuses.GetValueOrDefault(status) + 1;
        }

        HttpStatusCode[] refusals = [HttpStatusCode.NotFound, HttpStatusCode.BadRequest, HttpStatusCode.MethodNotAllowed,
            HttpStatusCode.RequestEntityTooLarge];
        Assert.Empty(statuses.Keys.Except(refusals));
        Assert.All(refusals, refusal => Assert.True(statuses.GetValueOrDefault(refusal) > 0, $"{refusal} was never answered"));
        Assert.Equal("idle", State().Phase);
        Assert.Empty(Directory.Exists(_folder["runs"]) ? Directory.GetDirectories(_folder["runs"]) : []);
        Assert.Equal(150, (int)(await PostAsync("api/check", """{"epochs":["30"]}"""))["steps"]!);
    }

    private HttpRequestMessage Hostile(int i)
    {
        var secret = _server.Address.AbsolutePath.Trim('/');
        const string Train = """{"epochs":["1"]}""";
        return (i % 10) switch
        {
            0 => Request(HttpMethod.Post, $"/{Wrong(secret)}/api/train", Train),
            1 => Request(HttpMethod.Post, $"/{secret}/api/train", Train, "Host", $"studio.example:{_server.Address.Port}"),
            2 => Request(HttpMethod.Post, $"/{secret}/api/train", Train, "Origin", Origins[i / 10 % Origins.Length]),
            3 => Request(HttpMethod.Get, $"/{secret}/api/runs/{Climbs[i / 10 % Climbs.Length]}/{i}"),
            4 => Request(HttpMethod.Get, $"/{secret}/{Climbs[i / 10 % Climbs.Length]}"),
            5 => Request(HttpMethod.Post, $"/{secret}/api/train", Broken()),
            6 => Request(HttpMethod.Post, $"/{secret}/api/resume", $$"""{"run":"{{Climbs[i / 10 % Climbs.Length]}}"}"""),
            7 => Request(i % 20 == 7 ? HttpMethod.Put : HttpMethod.Delete, $"/{secret}/api/train", Train),
            8 => Request(HttpMethod.Post, $"/{secret}/api/train", i % 100 == 8 ? Large : $$"""{"output":["{{i}}"]}"""),
            _ => Request(HttpMethod.Get, $"/{Wrong(secret)}/api/events", null, "Origin", "null"),
        };
    }

    private static readonly string[] Origins = ["http://studio.example", "null", "http://127.0.0.1", "http://localhost:80", "file://",
        "http://127.0.0.1.studio.example", ""];

    private static readonly string[] Climbs = ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "..%5C..%5Cwindows", "....//....//etc", "%00", "a%00b",
        "%c0%ae%c0%ae", "C:%5C", "~root", "-", "api%2Ftrain", "2026%2F..", "%252e%252e"];

    // One letter is another, or one lacks, or one more is there.
    private string Wrong(string secret)
    {
        var at = _random.Next(secret.Length);
        return _random.Next(3) switch
        {
            0 => secret[..at] + (secret[at] == '0' ? '1' : '0') + secret[(at + 1)..],
            1 => secret.Remove(at, 1),
            _ => secret.Insert(at, "g"),
        };
    }

    // A form that was cut off, or of another shape.
    private string Broken()
    {
        string[] whole = ["""{"epochs":["1"],"rank":["2"]}""", """[{"epochs":["1"]}]""", """{"epochs":1}""", """{"epochs":[[1]]}""",
            """{"epochs":null}""", "null", """{"epochs":[null]}""", "\u0000\u0001", """{"rank":[{}]}""", new string('[', 5000)];
        var text = whole[_random.Next(whole.Length)];
        return text[..^(text.StartsWith("{\"epochs\":[\"1\"]", StringComparison.Ordinal) ? 1 + _random.Next(10) : 0)];
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string? body = null, string? header = null, string value = "")
    {
        var request = new HttpRequestMessage(method, new Uri(_server.Address, path));
        if (body is not null)
            request.Content = new StringContent(body);
        if (header is not null)
            request.Headers.TryAddWithoutValidation(header, value);
        return request;
    }
}

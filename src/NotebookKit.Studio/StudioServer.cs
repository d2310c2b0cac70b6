using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using NotebookKit.Evaluation;

namespace NotebookKit.Studio;

/// <summary>
/// The studio's page, served to this machine alone: on 127.0.0.1, at a port that is free, below a secret that changes with
/// every start. Whoever cannot read the address cannot reach it.
/// </summary>
public sealed class StudioServer : IAsyncDisposable
{
    // A form of settings is a few kilobytes.
    private const int LargestBody = 256 * 1024;

    private readonly WebApplication _app;

    private StudioServer(WebApplication app, StudioSession session, string address) =>
        (_app, Session, Address) = (app, session, new Uri(address));

    /// <summary>Where the page is; the secret stands in its path.</summary>
    public Uri Address { get; }

    /// <summary>What the page works on.</summary>
    internal StudioSession Session { get; }

    /// <summary>Starts serving.</summary>
    /// <param name="base">The base: a folder, a file or a name on the hub; loaded while the page is looked at.</param>
    /// <param name="runs">The folder of the runs; made where it is not there.</param>
    /// <param name="photos">The folder of the subject's photos that the form begins with.</param>
    /// <param name="judge">What measures likeness, made anew for each run, such as <c>() => Probe.Load("data/probe")</c>; null measures
    /// nothing.</param>
    /// <returns>The server; dispose it to stop.</returns>
    public static async Task<StudioServer> StartAsync(string @base, string runs, string photos, Func<IPictureEmbedder>? judge)
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var session = new StudioSession(@base, runs, photos, judge);
        var pages = new StudioPages(session);
        app.Run(context => Guarded(context, secret, pages));
        await app.StartAsync();
        var host = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        session.Load();
        return new StudioServer(app, session, $"{host}/{secret}/");
    }

    /// <summary>Stops serving; a training is stopped and keeps its work.</summary>
    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        await _app.DisposeAsync();
    }

    // Another site's page can send a browser here, but not with this Host, and not from this Origin.
    private static async Task Guarded(HttpContext context, string secret, StudioPages pages)
    {
        var request = context.Request;
        var own = $"127.0.0.1:{context.Connection.LocalPort}";
        var path = request.Path.Value ?? "";
        var answer = context.Response;
        answer.Headers.CacheControl = "no-store";
        answer.Headers.XContentTypeOptions = "nosniff";
        answer.Headers["Referrer-Policy"] = "no-referrer";
        answer.Headers.ContentSecurityPolicy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'";
        var foreign = request.Headers.Origin is { Count: > 0 } origin && origin != $"http://{own}";
        var knows = path.Length > secret.Length + 1 && CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.UTF8.GetBytes(path[1..(secret.Length + 1)]), System.Text.Encoding.UTF8.GetBytes(secret));
        if (request.Host.Value != own || foreign || !knows || path[secret.Length + 1] != '/')
        {
            answer.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await pages.AnswerAsync(context, path[(secret.Length + 2)..]);
    }
}

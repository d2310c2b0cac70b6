using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NotebookKit.Training.Runs;

namespace NotebookKit.Studio;

/// <summary>What the page asks for, and what it is answered.</summary>
internal sealed class StudioPages(StudioSession session)
{
    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".png"] = "image/png",
    };

    // A little more than a fifth of a second: two of five that come late and early are still not six within a second.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(220);

    // The page's own files, and nothing else of the assembly's.
    private static readonly HashSet<string> Parts =
        [.. typeof(StudioPages).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".js", StringComparison.Ordinal)
            || name.EndsWith(".css", StringComparison.Ordinal))];

    private readonly StudioPainter _painter = new(session);

    /// <summary>Answers one request; what is wrong with it becomes one sentence.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Its path below the secret.</param>
    public async Task AnswerAsync(HttpContext context, string path)
    {
        try
        {
            if (HttpMethods.IsGet(context.Request.Method))
                await Get(context, path);
            else if (HttpMethods.IsPost(context.Request.Method))
                await Post(context, path);
            else
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        }
        catch (BadHttpRequestException e)
        {
            context.Response.StatusCode = e.StatusCode;
            await Json(context, new { Error = "The request is larger than the studio takes." });
        }
        catch (Exception e) when (e is BadInputException or JsonException or NotSupportedException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            var malformed = e is JsonException or NotSupportedException;
            await Json(context, new { Error = malformed ? "The request is no form of settings." : e.Message });
        }
        catch (OperationCanceledException)
        {
            // The page was closed.
        }
    }

    private async Task Get(HttpContext context, string path)
    {
        switch (path.Split('/'))
        {
            case [""]:
                await File(context, "index.html");
                break;
            case [var name] when Parts.Contains(name):
                await File(context, name);
                break;
            case ["api", "settings"]:
                await Json(context, StudioForm.Groups(session.Options));
                break;
            case ["api", "events"]:
                await Events(context);
                break;
            case ["api", "runs"]:
                await Json(context, session.History.All());
                break;
            case ["api", "photo", var number] when int.TryParse(number, out var photo):
                await Png(context, session.Photos.Cut(photo));
                break;
            case ["api", "sweep"]:
                await Json(context, StudioSweep.For(session.Base.Ready));
                break;
            case ["api", "sweeps"]:
                await Json(context, session.History.Sweeps());
                break;
            case ["api", "sweeps", var swept]:
                context.Response.ContentType = Types[".html"];
                await context.Response.WriteAsync(session.History.SweepOf(swept), context.RequestAborted);
                break;
            case ["api", "compare", var first, var second]:
                await Json(context, session.History.Compare(first, second));
                break;
            case ["api", "notebook", var of]:
                await Notebook(context, of);
                break;
            case ["api", "runs", var run, var picture]:
                await Png(context, session.History.Picture(run, picture));
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private async Task Post(HttpContext context, string path)
    {
        switch (path)
        {
            case "api/check":
                await Json(context, StudioAnswers.Of(session, await Body<Dictionary<string, string[]>>(context)));
                break;
            case "api/train":
                await Json(context, new { Run = session.Train(await Body<Dictionary<string, string[]>>(context)) });
                break;
            case "api/resume":
                await Json(context, new { Run = session.Resume((await Body<Named>(context)).Run) });
                break;
            case "api/pause":
                session.Pause((await Body<Paused>(context)).On);
                break;
            case "api/stop":
                session.Stop();
                break;
            case "api/knob":
                session.Turn(await Body<Knob>(context));
                break;
            case "api/photos":
                await Json(context, await Photo(context));
                break;
            case "api/picture":
                await Json(context, await _painter.DrawAsync(await Body<PictureAsked>(context), context.RequestAborted));
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    // Server-sent events: what is new since the last one, at most five times a second.
    private async Task Events(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        var (seen, points, run) = (-1L, 0, "");
        while (!context.RequestAborted.IsCancellationRequested)
        {
            if (session.Version != seen)
            {
                var state = session.State(run, points);
                (seen, points, run) = (state.Version, state.From + state.Points.Count, state.Run ?? "");
                await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(state, TrainLog.Json)}\n\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }

            await Task.Delay(Pause, context.RequestAborted);
        }
    }

    // A photo is its file as it is; where it goes and what it shows stand in the query.
    private async Task<Uploaded> Photo(HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = StudioUploads.LargestFile;
        using var file = new MemoryStream();
        await context.Request.Body.CopyToAsync(file, context.RequestAborted);
        var asked = context.Request.Query;
        return await session.Uploads.KeepAsync(asked["set"] is { Count: > 0 } set ? set.ToString() : null, file.ToArray(),
            asked["name"].ToString(), asked["caption"].ToString(), context.RequestAborted);
    }

    private static async Task<T> Body<T>(HttpContext context) =>
        await JsonSerializer.DeserializeAsync<T>(context.Request.Body, TrainLog.Json, context.RequestAborted)
        ?? throw new JsonException("null");

    private static Task Json(HttpContext context, object answer)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(answer, TrainLog.Json), context.RequestAborted);
    }

    private static async Task File(HttpContext context, string name)
    {
        context.Response.ContentType = Types[Path.GetExtension(name)];
        await using var file = typeof(StudioPages).Assembly.GetManifestResourceStream(name)!;
        await file.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private async Task Notebook(HttpContext context, string run)
    {
        var text = RunNotebook.Of(session.History.Of(run), session.Base.Source);
        context.Response.ContentType = "application/x-ipynb+json";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{run}.ipynb\"";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static async Task Png(HttpContext context, byte[]? png)
    {
        if (png is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = Types[".png"];
        await context.Response.Body.WriteAsync(png, context.RequestAborted);
    }

    private sealed record Named(string Run);

    private sealed record Paused(bool On);
}

/// <summary>A knob that was moved on the page; null where it was not.</summary>
internal sealed record Knob(double? PriorLossWeight, double? RateFactor);

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NotebookKit.Tests.Checkpoints.Hub;

/// <summary>A hub on this machine, with one model, that can be told to misbehave.</summary>
internal sealed class HubServer : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly HttpListener _listener = new();

    public HubServer()
    {
        var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}");
        free.Stop();
        _listener.Prefixes.Add(Endpoint.AbsoluteUri);
        _listener.Start();
        new Thread(Serve) { IsBackground = true }.Start();
    }

    public Uri Endpoint { get; }

    /// <summary>The model's files.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Answers in the server's place where it returns true.</summary>
    public Func<HttpListenerContext, bool> Misbehave { get; set; } = _ => false;

    /// <summary>What was asked for, in order.</summary>
    public List<(string Path, string? Range, string? Authorization)> Requests { get; } = [];

    public void Dispose() => _listener.Close();

    /// <summary>The bytes of the file that a request asks for.</summary>
    public byte[] FileOf(HttpListenerRequest request) => Files[string.Join('/', request.Url!.AbsolutePath.Split('/').Skip(5))];

    /// <summary>Sends a whole answer that stops early: the connection breaks after so many bytes.</summary>
    public void Break(HttpListenerContext context, int after)
    {
        var (file, from) = (FileOf(context.Request), From(context.Request));
        Head(context, file, from);
        context.Response.OutputStream.Write(file, from, Math.Min(after, file.Length - from));
        context.Response.OutputStream.Flush();
        context.Response.Abort();
    }

    public static void Refuse(HttpListenerContext context, int status, string? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.AddHeader("Retry-After", retryAfter);
        context.Response.Close();
    }

    private static int From(HttpListenerRequest request) =>
        request.Headers["Range"] is { } range ? int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture) : 0;

    private static void Head(HttpListenerContext context, byte[] file, int from)
    {
        context.Response.StatusCode = from > 0 ? 206 : 200;
        if (from > 0)
            context.Response.AddHeader("Content-Range", $"bytes {from}-{file.Length - 1}/{file.Length}");
        context.Response.ContentLength64 = file.Length - from;
    }

    private void Serve()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = _listener.GetContext();
                Requests.Add((context.Request.Url!.AbsolutePath, context.Request.Headers["Range"],
                    context.Request.Headers["Authorization"]));
                if (!Misbehave(context))
                    Answer(context);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
            {
                // closed by the test, or by a client that had enough
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        if (context.Request.Url!.AbsolutePath.StartsWith("/api/models/", StringComparison.Ordinal))
        {
            var listing = new { sha = Commit, siblings = Files.Select(Sibling) };
            context.Response.Close(JsonSerializer.SerializeToUtf8Bytes(listing), willBlock: true);
            return;
        }

        var (file, from) = (FileOf(context.Request), From(context.Request));
        Head(context, file, from);
        context.Response.Close(file[from..], willBlock: true);
    }

    private static object Sibling(KeyValuePair<string, byte[]> file)
    {
        var (sha256, size) = (Convert.ToHexStringLower(SHA256.HashData(file.Value)), file.Value.Length);
        var blob = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {size}\0"), .. file.Value]));
        return Path.GetExtension(file.Key) is ".safetensors" or ".bin" or ".ckpt"
            ? new { rfilename = file.Key, size, blobId = blob, lfs = new { sha256, size, pointerSize = 134 } }
            : new { rfilename = file.Key, size, blobId = blob };
    }
}

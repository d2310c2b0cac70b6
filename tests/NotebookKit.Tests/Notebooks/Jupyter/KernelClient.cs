using System.Diagnostics;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;
using NotebookKit.Notebooks;
using NotebookKit.Notebooks.Jupyter;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>A front end in small: starts the kernel as Jupyter does and speaks its protocol over real sockets.</summary>
public sealed class KernelClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private const string Key = "a key of the tests";
    private readonly string _connectionFile = Path.Combine(Path.GetTempPath(), $"kit-kernel-{Guid.NewGuid():N}.json");
    private readonly MessageCodec _codec = new(Key);
    private readonly DealerSocket _shell = new(), _control = new(), _stdin = new();
    private readonly SubscriberSocket _iopub = new();
    private readonly RequestSocket _heartbeat = new();

    public KernelClient()
    {
        var connection = Connection.OnFreePorts(Key);
        connection.Save(_connectionFile);
        // The folder of the "notebook" is the one above the assemblies: relative references have something to be relative to.
        // A test run in the background ignores SIGINT, and its children would too: env gives the signal back.
        var start = new ProcessStartInfo("env",
            ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), "kernel", "serve", _connectionFile])
        {
            WorkingDirectory = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..")),
            RedirectStandardError = true,
        };
        Process = Process.Start(start)!;
        Process.BeginErrorReadLine();
        // The kernel's questions find the front end by the name that its cells came with.
        _shell.Options.Identity = _stdin.Options.Identity = "front"u8.ToArray();
        _shell.Connect(connection.Address(connection.ShellPort));
        _iopub.Connect(connection.Address(connection.IoPubPort));
        _iopub.SubscribeToAnyTopic();
        _stdin.Connect(connection.Address(connection.StdinPort));
        _control.Connect(connection.Address(connection.ControlPort));
        _heartbeat.Connect(connection.Address(connection.HeartbeatPort));

        // The broadcast channel is open once a status comes through it.
        _iopub.Options.ReceiveHighWatermark = 0;
        while (!Broadcasts(SendShell("kernel_info_request", []), 500).Any())
        {
            if (Process.HasExited)
                throw new InvalidOperationException("The kernel ended at once.");
        }

        while (Frames(_shell, 200) is not null)
        {
        }
    }

    internal Process Process { get; }

    internal string SendShell(string type, JsonObject content) => Send(_shell, _codec, type, content);

    internal string SendControl(string type, JsonObject content) => Send(_control, _codec, type, content);

    internal string SendForged(string type) => Send(_shell, new MessageCodec("another key"), type, []);

    /// <summary>Sends anything at all on the shell channel.</summary>
    internal void SendRaw(IEnumerable<byte[]> frames) => _shell.SendMultipartBytes(frames);

    /// <summary>A message as it goes over the wire, signed as it should be.</summary>
    internal List<byte[]> Encode(string type, JsonObject content) => [.. _codec.Encode(Message.Create(type, content, null))];

    /// <summary>Answers the kernel's question for a line.</summary>
    /// <returns>The prompt.</returns>
    internal string? AnswerInput(string value)
    {
        var question = Receive(_stdin, 10_000)!;
        Send(_stdin, _codec, "input_reply", new JsonObject { ["value"] = value });
        return question.Content.Text("prompt");
    }

    internal string SendCell(string code, bool silent = false, bool asks = false) =>
        SendShell("execute_request", new JsonObject
        {
            ["code"] = code,
            ["silent"] = silent,
            ["store_history"] = !silent,
            ["stop_on_error"] = true,
            ["allow_stdin"] = asks
        });

    internal Message? ReceiveShell(int milliseconds = 30_000) => Receive(_shell, milliseconds);

    internal Message? ReceiveControl(int milliseconds = 10_000) => Receive(_control, milliseconds);

    /// <summary>One request on the shell channel, and its reply's content.</summary>
    internal JsonObject Ask(string type, JsonObject content)
    {
        var id = SendShell(type, content);
        while (ReceiveShell() is { } reply)
            if (ParentOf(reply) == id)
                return reply.Content;
        throw new TimeoutException($"No reply to {type}.");
    }

    /// <summary>Runs a cell to its end.</summary>
    internal Outcome Run(string code, bool silent = false) => Finish(SendCell(code, silent));

    /// <summary>Waits for a cell that was sent.</summary>
    internal Outcome Finish(string id)
    {
        var messages = Broadcasts(id).ToList();
        while (ReceiveShell() is { } reply)
            if (ParentOf(reply) == id)
                return new Outcome(reply.Content, messages);
        throw new TimeoutException("No reply to a cell.");
    }

    /// <summary>What is broadcast for one request, until its end or until nothing comes for a while.</summary>
    internal IEnumerable<Message> Broadcasts(string id, int milliseconds = 30_000)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Patience && Frames(_iopub, milliseconds) is { } frames)
        {
            var message = _codec.Decode(frames);
            if (ParentOf(message) != id)
                continue;
            yield return message;
            if (message.Type == "status" && message.Content.Text("execution_state") == "idle")
                yield break;
        }
    }

    /// <summary>The next broadcast of a type for a request.</summary>
    internal Message Await(string id, string type) => Broadcasts(id).First(m => m.Type == type);

    internal byte[]? Heartbeat(byte[] bytes)
    {
        _heartbeat.SendFrame(bytes);
        return _heartbeat.TryReceiveFrameBytes(TimeSpan.FromSeconds(5), out var answer) ? answer : null;
    }

    public void Dispose()
    {
        foreach (var socket in new NetMQSocket[] { _shell, _control, _stdin, _iopub, _heartbeat })
            socket.Dispose();
        if (!Process.HasExited)
            Process.Kill();
        Process.Dispose();
        File.Delete(_connectionFile);
    }

    private static string? ParentOf(Message message) => JsonNode.Parse(message.ParentBytes)!.AsObject().Text("msg_id");

    private static string Send(NetMQSocket socket, MessageCodec codec, string type, JsonObject content)
    {
        var message = Message.Create(type, content, null);
        socket.SendMultipartBytes(codec.Encode(message));
        return message.Header.Text("msg_id")!;
    }

    private static List<byte[]>? Frames(NetMQSocket socket, int milliseconds)
    {
        List<byte[]> frames = [];
        return socket.TryReceiveMultipartBytes(TimeSpan.FromMilliseconds(milliseconds), ref frames) ? frames : null;
    }

    private Message? Receive(NetMQSocket socket, int milliseconds) =>
        Frames(socket, milliseconds) is { } frames ? _codec.Decode(frames) : null;

    /// <summary>What a cell led to.</summary>
    internal sealed record Outcome(JsonObject Reply, IReadOnlyList<Message> Messages)
    {
        public string Status => Reply.Text("status")!;

        /// <summary>The trailing expression's value in one form.</summary>
        public string? Result(string mime = "text/plain") =>
            Messages.FirstOrDefault(m => m.Type == "execute_result")?.Content["data"]?[mime]?.ToString();

        public string Printed(string stream = "stdout") =>
            string.Concat(Messages.Where(m => m.Type == "stream" && m.Content.Text("name") == stream).Select(m => m.Content.Text("text")));

        public string Traceback => string.Join('\n', Reply["traceback"]?.AsArray().Select(l => (string?)l) ?? []);
    }
}

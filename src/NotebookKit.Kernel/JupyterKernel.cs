using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using NotebookKit.Kernel.Cells;
using NotebookKit.Kernel.Wire;

namespace NotebookKit.Kernel;

/// <summary>
/// The kernel's life: binds the five channels, answers requests on shell and control, and ends on request or when the
/// process that started it is gone. Follows "Messaging in Jupyter", protocol 5.3.
/// </summary>
internal sealed partial class JupyterKernel
{
    private readonly Connection _connection;
    private readonly MessageCodec _codec;
    private readonly IoPub _iopub;
    private readonly Interruption _interruption = new();
    private readonly ManualResetEventSlim _ended = new();
    private readonly CellInput _input;
    private readonly CellRequests _cells;
    private readonly RequestChannel _shell;
    private readonly RequestChannel _control;
    private volatile bool _busy;

    public JupyterKernel(Connection connection)
    {
        StandardError.Keep();
        _connection = connection;
        _codec = new MessageCodec(connection.Key);
        _iopub = new IoPub(connection.Address(connection.IoPubPort), _codec);
        _shell = new RequestChannel(connection.Address(connection.ShellPort), _codec);
        _control = new RequestChannel(connection.Address(connection.ControlPort), _codec);
        _input = new CellInput(new RequestChannel(connection.Address(connection.StdinPort), _codec));
        _cells = new CellRequests(_iopub, _input, _interruption);
    }

    /// <summary>Serves until told to stop.</summary>
    /// <returns>The process's exit code.</returns>
    public int Run()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            _interruption.Request();
        });
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            _ended.Set();
        });
        using var orphaned = WatchParent();

        _iopub.Status("starting", null);
        Start("heartbeat", Heartbeat, 0);
        Start("control", Control, 0);
        StartShell();
        _ended.Wait();

        _iopub.End();
        if (!_busy)
            _input.Dispose();
        ZmqSocket.Flush();
        if (_busy)
            Exit(0);
        return 0;
    }

    private void Start(string name, Action serve, int stack)
    {
        void Work()
        {
            try
            {
                serve();
            }
            catch (IOException) when (_ended.IsSet)
            {
                // The sockets' context is gone: nobody is left to answer.
            }
        }

        new Thread(Work, stack) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Cells run in the shell channel's thread, and may recurse deeper than a default stack allows.</summary>
    private void StartShell() => Start("shell", Shell, 64 << 20);

    private void Heartbeat()
    {
        using var socket = new ZmqSocket(Zmq.Rep);
        socket.Bind(_connection.Address(_connection.HeartbeatPort));
        while (socket.Receive() is { } frames)
            socket.Send(frames);
    }

    private void Control()
    {
        using var end = _control;
        while (_control.Receive() is { } request)
        {
            switch (request.Type)
            {
                case "interrupt_request":
                    _interruption.Request();
                    Answer(_control, request, () => new JsonObject { ["status"] = "ok" });
                    break;
                case "shutdown_request":
                    Shutdown(_control, request);
                    return;
                default:
                    Answer(_control, request, () => _cells.Simple(request));
                    break;
            }
        }
    }

    private void Shell()
    {
        while (_shell.Receive() is { } request)
        {
            Serve(request);
            if (_cells.ThreadIsSpent)
            {
                // The next cell gets a thread that can still be stopped.
                StartShell();
                return;
            }
        }

        _shell.Dispose();
    }

    private void Serve(Message request)
    {
        switch (request.Type)
        {
            case "execute_request":
                Execute(request);
                break;
            case "shutdown_request":
                Shutdown(_shell, request);
                break;
            default:
                Answer(_shell, request, () => _cells.Simple(request));
                break;
        }
    }

    private void Execute(Message request)
    {
        _iopub.Status("busy", request);
        _busy = true;
        var reply = _cells.Execute(request);
        _busy = false;

        // "Run all" has sent the next cells already; they were sent without knowing of this error, so they must not run.
        // Whatever arrives after the reply was sent knowingly.
        var overtaken = new List<Message>();
        if (reply.Text("status") != "ok" && request.Content.Flag("stop_on_error", true))
            while (_shell.Receive(0) is { } waiting)
                overtaken.Add(waiting);

        _shell.Reply(request, "execute_reply", reply);
        _iopub.Status("idle", request);
        foreach (var waiting in overtaken)
        {
            if (waiting.Type == "execute_request")
                Answer(_shell, waiting, () => new JsonObject { ["status"] = "aborted", ["execution_count"] = _cells.Count });
            else
                Serve(waiting);
        }
    }

    /// <summary>Answers a request that runs no cell; a kind that is not known gets no reply, as the protocol has it.</summary>
    private void Answer(RequestChannel channel, Message request, Func<JsonObject?> answer)
    {
        _iopub.Status("busy", request);
        try
        {
            if (answer() is { } content)
                channel.Reply(request, request.Type.Replace("_request", "_reply", StringComparison.Ordinal), content);
        }
        catch (Exception e) when (e is not IOException)
        {
            StandardError.WriteLine($"kit-kernel: {request.Type}: {e}");
            channel.Reply(request, request.Type.Replace("_request", "_reply", StringComparison.Ordinal), new JsonObject
            {
                ["status"] = "error",
                ["ename"] = e.GetType().Name,
                ["evalue"] = e.Message,
                ["traceback"] = new JsonArray(),
            });
        }

        _iopub.Status("idle", request);
    }

    private void Shutdown(RequestChannel channel, Message request)
    {
        var content = new JsonObject { ["status"] = "ok", ["restart"] = request.Content.Flag("restart", false) };
        _iopub.Status("busy", request);
        _iopub.Post("shutdown_reply", (JsonObject)content.DeepClone(), request);
        channel.Reply(request, "shutdown_reply", content);
        _iopub.Status("idle", request);
        _ended.Set();
    }

    /// <summary>Jupyter may die without a word; a kernel whose parent changed has nobody left to serve.</summary>
    private Timer? WatchParent()
    {
        if (Environment.GetEnvironmentVariable("JPY_PARENT_PID") is null)
            return null;
        var parent = ParentProcess();
        return new Timer(_ =>
        {
            if (ParentProcess() != parent)
                _ended.Set();
        }, null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentProcess();

    /// <summary>Leaves at once: with a cell inside native code, the libraries' own goodbyes would crash or hang.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}

using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;
using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>
/// The kernel's life: binds the five channels, answers requests on shell and control, and ends on request or when the
/// process that started it is gone. Follows "Messaging in Jupyter", protocol 5.3.
/// </summary>
public sealed partial class JupyterKernel
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200), Pause = TimeSpan.FromSeconds(5);

    private readonly StreamWriter _log = new(Console.OpenStandardError()) { AutoFlush = true };
    private readonly Connection _connection;
    private readonly IoPub _iopub;
    private readonly RequestChannel _shell, _control;
    private readonly KernelRequests _requests;
    private readonly ManualResetEventSlim _ended = new();
    // What the compiler needed for a cell is given back to the system when no other follows.
    private readonly Timer _settle = new(_ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true),
        null, Pause, Timeout.InfiniteTimeSpan);

    private JupyterKernel(Connection connection)
    {
        _connection = connection;
        var codec = () => new MessageCodec(connection.Key);
        _iopub = new IoPub(connection.Address(connection.IoPubPort), codec());
        _shell = new RequestChannel(connection.Address(connection.ShellPort), codec(), Log);
        _control = new RequestChannel(connection.Address(connection.ControlPort), codec(), Log);
        _requests = new KernelRequests(_iopub, new RequestChannel(connection.Address(connection.StdinPort), codec(), Log));
    }

    /// <summary>Serves a front end until told to stop.</summary>
    /// <param name="connectionFile">The file that Jupyter wrote for this kernel.</param>
    /// <returns>The process's exit code.</returns>
    public static int Serve(string connectionFile) => new JupyterKernel(Connection.Load(connectionFile)).Run();

    private int Run()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            _requests.Interrupt();
        });
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            _ended.Set();
        });
        using var orphaned = WatchParent();

        _iopub.Status("starting", null);
        Start("heartbeat", Heartbeat);
        Start("control", () => Serve(_control));
        Start("shell", () => Serve(_shell));
        _ended.Wait();
        _iopub.End();
        Thread.Sleep(100); // NetMQ sends the last replies in a thread of its own
        // A cell may be inside native code: the libraries' own goodbyes would wait for it.
        Environment.Exit(0);
        return 0;
    }

    private static void Start(string name, Action serve) => new Thread(() => serve()) { IsBackground = true, Name = name }.Start();

    private void Heartbeat()
    {
        using var socket = new ResponseSocket();
        socket.Bind(_connection.Address(_connection.HeartbeatPort));
        while (true)
            socket.SendMultipartBytes(socket.ReceiveMultipartBytes());
    }

    private void Serve(RequestChannel channel)
    {
        while (!_ended.IsSet)
            if (channel.Receive(Tick) is { } request)
                Serve(channel, request);
    }

    private void Serve(RequestChannel channel, Message request)
    {
        switch (request.Type)
        {
            case "execute_request" when channel == _shell:
                Execute(request);
                break;
            case "interrupt_request":
                _requests.Interrupt();
                Answer(channel, request, () => new JsonObject { ["status"] = "ok" });
                break;
            case "shutdown_request":
                var content = new JsonObject { ["status"] = "ok", ["restart"] = request.Content.Flag("restart", false) };
                Answer(channel, request, () => content);
                _iopub.Post("shutdown_reply", (JsonObject)content.DeepClone(), request);
                _ended.Set();
                break;
            default:
                Answer(channel, request, () => _requests.Answer(request));
                break;
        }
    }

    private void Execute(Message request)
    {
        _settle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _iopub.Status("busy", request);
        JsonObject reply;
        try
        {
            reply = _requests.ExecuteAsync(request).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            Log($"execute_request: {e}");
            reply = _requests.Failed(new CellError(e.GetType().Name, e.Message, []));
        }

        // "Run all" has sent the next cells already; they were sent without knowing of this error, so they must not run.
        // Whatever arrives after the reply was sent knowingly.
        var overtaken = new List<Message>();
        if (reply.Text("status") != "ok" && request.Content.Flag("stop_on_error", true))
            while (_shell.Receive(TimeSpan.Zero) is { } waiting)
                overtaken.Add(waiting);

        _shell.Reply(request, "execute_reply", reply);
        _iopub.Status("idle", request);
        _settle.Change(Pause, Timeout.InfiniteTimeSpan);
        foreach (var waiting in overtaken)
        {
            if (waiting.Type == "execute_request")
                Answer(_shell, waiting, () => new JsonObject { ["status"] = "aborted", ["execution_count"] = _requests.Count });
            else
                Serve(_shell, waiting);
        }
    }

    /// <summary>Answers a request that runs no cell; a kind that is not known gets no reply, as the protocol has it.</summary>
    private void Answer(RequestChannel channel, Message request, Func<JsonObject?> answer)
    {
        var reply = request.Type.Replace("_request", "_reply", StringComparison.Ordinal);
        _iopub.Status("busy", request);
        try
        {
            if (answer() is { } content)
                channel.Reply(request, reply, content);
        }
        catch (Exception e) when (e is not NetMQException)
        {
            Log($"{request.Type}: {e}");
            channel.Reply(request, reply, new JsonObject
            {
                ["status"] = "error",
                ["ename"] = e.GetType().Name,
                ["evalue"] = e.Message,
                ["traceback"] = new JsonArray()
            });
        }

        _iopub.Status("idle", request);
    }

    // Cells' Console is the notebook's: what is for Jupyter's log goes past it.
    private void Log(string line)
    {
        lock (_log)
            _log.WriteLine($"kit kernel: {line}");
    }

    /// <summary>Jupyter may die without a word; a kernel whose parent changed has nobody left to serve.</summary>
    private Timer? WatchParent()
    {
        if (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable("JPY_PARENT_PID") is null)
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
}

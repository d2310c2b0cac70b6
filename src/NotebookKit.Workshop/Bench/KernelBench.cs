using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;
using NotebookKit.Notebooks.Jupyter;

namespace NotebookKit.Workshop.Bench;

/// <summary>The Jupyter kernel as a front end feels it: a process of its own, cells through its sockets.</summary>
internal sealed class KernelBench : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"kit-kernel-{Guid.NewGuid():N}.json");
    private readonly MessageCodec _codec;
    private readonly DealerSocket _shell = new(), _control = new();
    private readonly Process _process;

    private KernelBench(IEnumerable<string> program)
    {
        var connection = Connection.OnFreePorts(Guid.NewGuid().ToString("N"));
        connection.Save(_file);
        _codec = new MessageCodec(connection.Key);
        _process = Process.Start(new ProcessStartInfo(program.First(), [.. program.Skip(1), _file]))!;
        _shell.Connect(connection.Address(connection.ShellPort));
        _control.Connect(connection.Address(connection.ControlPort));
    }

    /// <summary>Starts a kernel and measures it.</summary>
    /// <param name="program">What starts it, before the connection file.</param>
    /// <param name="cells">One-line cells to run.</param>
    public static KernelFigures Run(IEnumerable<string> program, int cells)
    {
        var clock = Stopwatch.StartNew();
        using var kernel = new KernelBench(program);
        kernel.Ask(kernel._shell, "kernel_info_request", []);
        var ready = clock.Elapsed.TotalSeconds;
        var first = kernel.Cell("1 + 1").TotalSeconds;
        Thread.Sleep(TimeSpan.FromSeconds(6));
        var idle = kernel.Resident;
        var times = Enumerable.Range(0, cells).Select(i => kernel.Cell($"var x{i} = {i}; x{i} + 1").TotalMilliseconds).ToList();
        Thread.Sleep(TimeSpan.FromSeconds(6));
        var growth = kernel.Resident - idle;
        var interrupts = new[] { "while (true) { }", "while (true) System.Threading.Thread.Sleep(5);",
            "while (true) await Task.Delay(5);" }.Select(kernel.Interrupt).ToList();
        return new KernelFigures(ready, first, times.Order().ElementAt(cells / 2), idle, cells, growth, interrupts.Max());
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _shell.Dispose();
        _control.Dispose();
        File.Delete(_file);
    }

    private long Resident =>
        long.Parse(File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    private TimeSpan Cell(string code)
    {
        var clock = Stopwatch.StartNew();
        Ask(_shell, "execute_request", new JsonObject { ["code"] = code });
        return clock.Elapsed;
    }

    private double Interrupt(string code)
    {
        Send(_shell, "execute_request", new JsonObject { ["code"] = code });
        Thread.Sleep(500);
        var clock = Stopwatch.StartNew();
        Send(_control, "interrupt_request", []);
        Receive(_shell);
        return clock.Elapsed.TotalMilliseconds;
    }

    private void Ask(NetMQSocket socket, string type, JsonObject content)
    {
        Send(socket, type, content);
        Receive(socket);
    }

    private void Send(NetMQSocket socket, string type, JsonObject content) =>
        socket.SendMultipartBytes(_codec.Encode(Message.Create(type, content, null)));

    private void Receive(NetMQSocket socket)
    {
        List<byte[]> frames = [];
        if (!socket.TryReceiveMultipartBytes(TimeSpan.FromSeconds(60), ref frames))
            throw new TimeoutException("The kernel did not answer within a minute.");
    }
}

/// <summary>What a front end feels.</summary>
/// <param name="ReadySeconds">From the process's start to its first answer.</param>
/// <param name="FirstCellSeconds">The first cell after that.</param>
/// <param name="CellMilliseconds">A one-line cell, the median.</param>
/// <param name="IdleBytes">Memory when nothing has been done but one cell.</param>
/// <param name="Cells">How many cells ran.</param>
/// <param name="GrowthBytes">Memory that they added.</param>
/// <param name="InterruptMilliseconds">From an interrupt to the end of an endless loop, the slowest of three.</param>
internal sealed record KernelFigures(double ReadySeconds, double FirstCellSeconds, double CellMilliseconds, long IdleBytes, int Cells,
    long GrowthBytes, double InterruptMilliseconds);

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NotebookKit.Tests.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>Nobody but this machine can speak to a notebook that runs here.</summary>
public sealed class ListeningTests
{
    public ListeningTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists a process's sockets in /proc");

    [Fact]
    public void A_notebook_that_is_run_listens_nowhere()
    {
        using var folder = new TemporaryFolder();
        // It tells when it is in the middle, and goes on when it has been looked at.
        NotebookMaker.Write(folder["small.ipynb"], $"""
            System.IO.File.WriteAllText("{folder["middle"]}", "");
            while (!System.IO.File.Exists("{folder["seen"]}")) System.Threading.Thread.Sleep(10);
            """);
        using var run = Process.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), "run", folder["small.ipynb"]]);
        while (!File.Exists(folder["middle"]))
            Assert.False(run.WaitForExit(50), "kit run ended before its cell ran");

        Assert.Empty(BoundSockets.Of(run.Id));

        File.WriteAllText(folder["seen"], "");
        run.WaitForExit();
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public void The_kernel_listens_on_its_five_channels_and_for_this_machine_alone()
    {
        using var kernel = new KernelClient();
        Assert.Equal("2", kernel.Run("1 + 1").Result());

        var sockets = BoundSockets.Of(kernel.Process.Id);
        Assert.Equal(5, sockets.Count);
        Assert.All(sockets, socket => Assert.True(IPAddress.IsLoopback(socket.Address), $"listens on {socket}"));
    }

    [Fact]
    public void A_socket_for_everyone_would_be_seen()
    {
        using var open = new TcpListener(IPAddress.Any, 0);
        open.Start();
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.IPv6Loopback, 0));

        var sockets = BoundSockets.Of(Environment.ProcessId);

        Assert.Contains((IPEndPoint)open.LocalEndpoint, sockets);
        Assert.Contains((IPEndPoint)datagrams.Client.LocalEndPoint!, sockets);
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary><c>kit lab</c> as a process, with the Jupyter and the kernels that it starts.</summary>
internal sealed class LabProcess : IDisposable
{
    private const string Token = "a-token-of-the-tests";
    private readonly Process _process;
    private readonly int _port = FreePort();

    public LabProcess(string program, string home)
    {
        var start = new ProcessStartInfo("dotnet",
            [program, "lab", "--", "--no-browser", $"--port={_port}", "--NotebookApp.port_retries=0", $"--NotebookApp.token={Token}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["KIT_QUICK"] = "0", ["HOME"] = home },
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Said += line.Data + "\n";
        _process.ErrorDataReceived += (_, line) => Said += line.Data + "\n";
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What Jupyter has said so far.</summary>
    public string Said { get; private set; } = "";

    /// <summary>Where the browser finds a notebook.</summary>
    public string AddressOf(string notebook) => $"http://127.0.0.1:{_port}/notebooks/{notebook}?token={Token}";

    /// <summary>Waits until pages are served.</summary>
    public async Task AnswersAsync()
    {
        using var web = new HttpClient();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromMinutes(1); await Task.Delay(200))
        {
            Assert.False(_process.HasExited, Said);
            try
            {
                using var answer = await web.GetAsync($"http://127.0.0.1:{_port}/api");
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
            }
        }

        Assert.Fail("Jupyter did not answer within a minute: " + Said);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

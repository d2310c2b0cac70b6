using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using NotebookKit.Kernel;
using NotebookKit.Kernel.Wire;

namespace NotebookKit.Tests.Kernel;

/// <summary>The protocol's other duties: introductions, signatures, heartbeat, interrupts, the end.</summary>
public sealed partial class ProtocolTests(KernelClient kernel) : IClassFixture<KernelClient>
{
    [Fact]
    public void The_kernel_introduces_itself_as_CSharp()
    {
        var info = kernel.Ask("kernel_info_request", []);
        Assert.Equal("5.3", info.Text("protocol_version"));
        Assert.Equal("C#", (string?)info["language_info"]!["name"]);
        Assert.Equal(".cs", (string?)info["language_info"]!["file_extension"]);
        Assert.Equal("ok", kernel.Ask("comm_info_request", []).Text("status"));
        Assert.Empty(kernel.Ask("history_request", [])["history"]!.AsArray());
    }

    [Fact]
    public void The_heart_beats_while_a_cell_runs()
    {
        var id = kernel.SendCell("System.Threading.Thread.Sleep(300);");
        Assert.Equal("ping"u8.ToArray(), kernel.Heartbeat("ping"u8.ToArray()));
        kernel.Finish(id);
    }

    [Fact]
    public void A_message_signed_with_another_key_is_not_answered()
    {
        kernel.SendForged("kernel_info_request");
        Assert.Null(kernel.ReceiveShell(400));
        Assert.Equal("ok", kernel.Ask("kernel_info_request", []).Text("status"));
    }

    [Fact]
    public void A_message_survives_the_wire_and_a_changed_one_does_not()
    {
        var codec = new MessageCodec("key");
        var message = Message.Create("execute_request", new JsonObject { ["code"] = "\"ᾱ 🐇\"" }, null, [[1, 2], [3]]);
        var frames = codec.Encode(message).ToList();
        var back = codec.Decode(frames);
        Assert.Equal("execute_request", back.Type);
        Assert.Equal("\"ᾱ 🐇\"", back.Content.Text("code"));
        Assert.Equal([[1, 2], [3]], back.Identities);

        frames[^1] = Encoding.UTF8.GetBytes("{\"code\":\"1\"}");
        Assert.Throws<InvalidDataException>(() => codec.Decode(frames));
        Assert.Throws<InvalidDataException>(() => codec.Decode(frames[..3]));
    }

    [Fact]
    public void An_interrupt_lets_a_cell_that_looks_at_the_token_end_by_itself()
    {
        var id = kernel.SendCell("""
            var token = ((Func<System.Threading.CancellationToken>)AppContext.GetData("NotebookKit.Cancel"))();
            var steps = 1;
            Console.Write("running");
            await Task.Delay(-1, token);
            """);
        kernel.Await(id, "stream");
        var clock = Stopwatch.StartNew();
        kernel.SendControl("interrupt_request", []);
        Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));
        Assert.Equal("Interrupted", kernel.Finish(id).Reply.Text("ename"));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1.5), $"took {clock.Elapsed}");
        Assert.Equal("1", kernel.Run("steps").Result());
    }

    [Fact]
    public void An_endless_loop_is_stopped_two_seconds_after_an_interrupt_and_keeps_what_was_assigned()
    {
        var id = kernel.SendCell("var before = 5; Console.Write(\"running\"); while (true) { }");
        kernel.Await(id, "stream");
        var clock = Stopwatch.StartNew();
        kernel.SendControl("interrupt_request", []);
        var outcome = kernel.Finish(id);
        Assert.Equal("Interrupted", outcome.Reply.Text("ename"));
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(1.8), $"only {clock.Elapsed}");
        Assert.Equal("5", kernel.Run("before").Result());
        Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));
    }

    [Theory]
    [InlineData("Console.Write(\"running\"); await Task.Delay(-1);")]
    [InlineData("await Task.Yield(); Console.Write(\"running\"); while (true) { }")]
    [InlineData("Console.Write(\"running\"); while (true) Console.WriteLine(\"more\");")]
    [InlineData("Console.Write(\"running\"); while (true) { try { throw new Exception(); } catch (Exception) { } }")]
    [InlineData("void Deep() { for (; ; ) ; }\nConsole.Write(\"running\"); Deep();")]
    [InlineData("Console.Write(\"running\"); System.Threading.Thread.Sleep(-1);")]
    public void Two_signals_stop_a_cell_at_once(string code)
    {
        var id = kernel.SendCell(code);
        kernel.Await(id, "stream");
        _ = Kill(kernel.Process.Id, 2);
        Thread.Sleep(100);
        _ = Kill(kernel.Process.Id, 2);
        Assert.Equal("Interrupted", kernel.Finish(id).Reply.Text("ename"));
        Assert.Equal("1", kernel.Run("1").Result());
    }

    [Fact]
    public void An_interrupt_between_cells_means_nothing()
    {
        kernel.SendControl("interrupt_request", []);
        Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));
        Assert.Equal("2", kernel.Run("2").Result());
    }

    [Fact]
    public void The_kernel_ends_on_request_even_while_a_cell_runs()
    {
        using var other = new KernelClient();
        other.SendCell("while (true) { }");
        other.SendControl("shutdown_request", new JsonObject { ["restart"] = true });
        Assert.True((bool)other.ReceiveControl()!.Content["restart"]!);
        Assert.True(other.Process.WaitForExit(5000));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

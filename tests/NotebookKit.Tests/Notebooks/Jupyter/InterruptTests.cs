using System.Diagnostics;
using System.Runtime.InteropServices;
using NotebookKit.Notebooks;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>The stop button: a cell ends by itself or is ended, keeps its variables, and the next one is answered.</summary>
public sealed partial class InterruptTests(KernelClient kernel) : IClassFixture<KernelClient>
{
    [Fact]
    public void An_interrupt_lets_a_cell_that_looks_at_the_token_end_by_itself()
    {
        var id = kernel.SendCell("""
            #r "FOLDER/NotebookKit.dll"
            var token = NotebookKit.Training.RunningCell.Cancellation;
            var steps = 1;
            Console.Write("running");
            try { while (!token.IsCancellationRequested) await Task.Delay(5); } finally { steps = 2; }
            for (var i = 0; i < 50; i++) { await Task.Delay(60); steps++; }
            """.Replace("FOLDER", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), StringComparison.Ordinal));
        kernel.Await(id, "stream");
        kernel.SendControl("interrupt_request", []);
        Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));
        Assert.Equal("ok", kernel.Finish(id).Status); // three seconds of tidying up are its own
        Assert.Equal("52", kernel.Run("steps").Result());
    }

    [Fact]
    public void A_second_interrupt_stops_a_cell_that_asked_for_the_token_and_does_not_look_at_it()
    {
        var id = kernel.SendCell("""
            #r "FOLDER/NotebookKit.dll"
            _ = NotebookKit.Training.RunningCell.Cancellation;
            Console.Write("running");
            while (true) await Task.Delay(5);
            """.Replace("FOLDER", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), StringComparison.Ordinal));
        kernel.Await(id, "stream");
        for (var press = 0; press < 2; press++)
        {
            kernel.SendControl("interrupt_request", []);
            Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));
        }

        Assert.Equal("Interrupted", kernel.Finish(id).Reply.Text("ename"));
    }

    [Theory]
    [InlineData("while (true) { }")]
    [InlineData("while (true) System.Threading.Thread.Sleep(5);")]
    [InlineData("while (true) await Task.Delay(5);")]
    [InlineData("await Task.Yield(); while (true) { }")]
    [InlineData("while (true) Console.WriteLine(\"more\");")]
    [InlineData("while (true) { try { throw new InvalidOperationException(); } catch (InvalidOperationException) { } }")]
    [InlineData("void Deep() { for (; ; ) ; }\nDeep();")]
    [InlineData("System.Threading.Thread.Sleep(-1);")]
    [InlineData("Task.Delay(-1).Wait();")]
    public void An_interrupt_stops_a_loop_or_a_wait_within_a_moment_and_keeps_what_was_assigned(string code)
    {
        var name = $"before{(uint)code.GetHashCode(StringComparison.Ordinal)}";
        var id = kernel.SendCell($"var {name} = 5; Console.WriteLine(\"running\");\n{code}");
        kernel.Await(id, "stream");
        var clock = Stopwatch.StartNew();
        kernel.SendControl("interrupt_request", []);
        Assert.Equal("Interrupted", kernel.Finish(id).Reply.Text("ename"));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"took {clock.Elapsed}");
        Assert.Equal("5", kernel.Run(name).Result());
        Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));
    }

    [Fact]
    public void A_signal_interrupts_too_and_an_endless_await_is_given_up()
    {
        var id = kernel.SendCell("Console.WriteLine(\"running\"); await Task.Delay(-1);");
        kernel.Await(id, "stream");
        _ = Kill(kernel.Process.Id, 2);
        Assert.Equal("Interrupted", kernel.Finish(id).Reply.Text("ename"));
        Assert.Equal("1", kernel.Run("1").Result());
    }

    [Theory]
    [InlineData("throw new InvalidOperationException(\"late\");")]
    [InlineData("\"late\"")]
    public void How_a_cell_that_was_given_up_ends_is_not_said_of_the_next(string end)
    {
        var id = kernel.SendCell($"Console.WriteLine(\"running\"); await Task.Delay(1500);\n{end}");
        kernel.Await(id, "stream");
        kernel.SendControl("interrupt_request", []);
        Assert.Equal("Interrupted", kernel.Finish(id).Reply.Text("ename"));
        _ = kernel.ReceiveControl();
        Assert.Equal("on time", kernel.Run("await Task.Delay(2500); \"on time\"").Result());
    }

    [Fact]
    public void A_task_of_an_earlier_cell_goes_on_when_a_later_cell_is_interrupted()
    {
        kernel.Run("var beats = 0; var ended = false; _ = Task.Run(async () => { while (!ended) { await Task.Delay(5); beats++; } });");
        var id = kernel.SendCell("Console.WriteLine(\"running\"); while (true) { }");
        kernel.Await(id, "stream");
        kernel.SendControl("interrupt_request", []);
        Assert.Equal("Interrupted", kernel.Finish(id).Reply.Text("ename"));
        _ = kernel.ReceiveControl();
        Assert.Equal("true", kernel.Run("var count = beats; await Task.Delay(200); beats > count").Result());
        kernel.Run("ended = true;");
    }

    [Fact]
    public void An_interrupt_between_cells_means_nothing()
    {
        kernel.SendControl("interrupt_request", []);
        Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));
        Assert.Equal("2", kernel.Run("2").Result());
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

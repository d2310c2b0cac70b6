using System.Diagnostics;
using TorchSharp;

namespace NotebookKit.Tests.Tensors;

/// <summary>What TorchSharp hands to libtorch is there until libtorch has read it (Directory.Build.targets).</summary>
public sealed class TorchSharpArgumentsTests
{
    [Fact]
    public void The_copy_in_use_is_compiled_as_code_to_debug_is() =>
        Assert.True(typeof(torch).Assembly.GetCustomAttributes(false).OfType<DebuggableAttribute>().Single().IsJITOptimizerDisabled);

    // With TorchSharp's own file some of these additions fail, in two runs of three.
    [Fact]
    public void A_number_outlives_its_addition_when_another_thread_collects()
    {
        using var done = new CancellationTokenSource();
        var other = new Thread(() =>
        {
            while (!done.IsCancellationRequested)
                GC.KeepAlive(new byte[1000]);
        });
        other.Start();
        try
        {
            using var no = torch.no_grad();
            using var x = torch.ones(64);
            using var y = torch.ones(64);
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(3);)
            {
                using var scope = torch.NewDisposeScope();
                for (var i = 0; i < 200; i++)
                    _ = x + y;
            }
        }
        finally
        {
            done.Cancel();
            other.Join();
        }
    }
}

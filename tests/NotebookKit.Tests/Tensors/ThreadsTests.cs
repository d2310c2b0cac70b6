using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

public sealed class ThreadsTests : IDisposable
{
    private readonly int _before = get_num_threads();

    public void Dispose() => set_num_threads(_before);

    [Fact]
    public void A_step_of_small_tensors_takes_one_thread_and_gives_the_others_back()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is not null, "OMP_NUM_THREADS is set, and stays");
        set_num_threads(2);
        using (Threads.One())
        {
            Assert.Equal(1, get_num_threads());
            using (Threads.One())
                Assert.Equal(1, get_num_threads());
            Assert.Equal(1, get_num_threads());
        }

        Assert.Equal(2, get_num_threads());
    }
}

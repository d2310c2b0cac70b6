using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class ThreadTests
{
    [Fact]
    public void Several_threads_train_on_shared_weights_with_gradients_of_their_own()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var weight = randn(8, 8);
        var inputs = Enumerable.Range(0, 4).Select(_ => randn(16, 8)).ToArray();
        var expected = inputs.Select(x => Gradient(weight, x)).ToArray();
        for (var round = 0; round < 20; round++)
        {
            var found = new float[4][];
            Parallel.For(0, 4, i => found[i] = Gradient(weight, inputs[i]));
            for (var i = 0; i < 4; i++)
                Assert.Equal(expected[i], found[i]);
        }

        static float[] Gradient(Tensor weight, Tensor x)
        {
            using var mine = NewDisposeScope();
            var parameter = new Parameter(weight.detach());
            Assert.Equal(weight.data<float>()[3], parameter.data<float>()[3]);
            x.matmul(parameter).tanh().square().sum().backward();
            return parameter.grad!.data<float>().ToArray();
        }
    }

    [Fact]
    public void Recording_is_switched_off_for_one_thread_alone()
    {
        using var off = no_grad();
        Assert.False(is_grad_enabled());
        Assert.True(DisposeScopeTests.OnAThreadOfItsOwn(is_grad_enabled));
        using (enable_grad())
            Assert.True(is_grad_enabled());
        Assert.False(is_grad_enabled());
    }

    [Fact]
    public void Threads_make_and_dispose_tensors_without_losing_count()
    {
        GC.Collect(); // what earlier tests dropped must not be collected in between
        GC.WaitForPendingFinalizers();
        var before = TorchExtras.LiveHandles;
        Parallel.For(0, 8, i =>
        {
            for (var k = 0; k < 200; k++)
            {
                using var scope = NewDisposeScope();
                var a = ones(4, requires_grad: true);
                (a * i).sum().backward();
                Assert.Equal(i, a.grad!.data<float>()[0]);
            }
        });
        Assert.Equal(before, TorchExtras.LiveHandles);
    }

    [Fact]
    public void Custom_functions_run_on_several_threads()
    {
        Parallel.For(0, 4, i =>
        {
            for (var k = 0; k < 50; k++)
            {
                using var scope = NewDisposeScope();
                var a = full(3, (double)i, requires_grad: true);
                CustomFunctionTests.Cube.apply(a).sum().backward();
                Assert.Equal(3.0 * i * i, a.grad!.to(ScalarType.Float64).data<double>()[0], 6);
            }
        });
    }
}

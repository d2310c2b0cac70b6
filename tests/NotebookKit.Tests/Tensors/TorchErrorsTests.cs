using System.CommandLine;
using System.Runtime.InteropServices;
using NotebookKit.Cli;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

/// <summary>What libtorch throws, as it is told.</summary>
public sealed class TorchErrorsTests
{
    private const string WrongProduct = "mm: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)";

    [Fact]
    public void An_operators_error_is_its_name_and_libtorchs_first_line()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(WrongProduct, Told(() => ones(2, 3).mm(ones(4, 5))));
        Assert.StartsWith("conv2d: Given groups=1, weight of size [4, 2, 3, 3], expected input[1, 3, 8, 8] to have 2 channels",
            Told(() => nn.functional.conv2d(ones(1, 3, 8, 8), ones(4, 2, 3, 3))));
        Assert.Equal("add: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0",
            Told(() => ones(3) + ones(4)));
        Assert.StartsWith("backward: element 0 of tensors does not require grad", Told(() => ones(2).sum().backward()));
    }

    [Fact]
    public void A_modules_error_names_the_operator_within()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(3, 2);
        Assert.StartsWith("linear: mat1 and mat2 shapes cannot be multiplied (1x5 and 3x2)", Told(() => layer.call(ones(1, 5))));
    }

    [Fact]
    public void A_device_that_is_not_there_is_told_without_TorchSharps_search_for_it()
    {
        Assert.SkipWhen(cuda.is_available(), "there is a GPU here");
        Assert.Equal("Torch device type CUDA did not initialise on the current machine.", Told(() => ones(1).to("cuda")));
    }

    [Fact]
    public void Other_exceptions_keep_their_words()
    {
        Assert.Equal("a.png is no picture; name another.",
            TorchErrors.Sentence(new BadInputException("a.png is no picture; name another.")));
        Assert.Equal("two\nlines", TorchErrors.Sentence(new ExternalException("two\nlines")));
    }

    [Fact]
    public void The_command_line_tells_it_in_one_line()
    {
        var multiply = new Command("multiply");
        multiply.SetAction(_ =>
        {
            using var scope = NewDisposeScope();
            ones(2, 3).mm(ones(4, 5)).Dispose();
        });
        var (before, error) = (Console.Error, new StringWriter());
        Console.SetError(error);
        try
        {
            Assert.Equal(Verb.Failed, Verb.Run(new RootCommand { multiply }, ["multiply"]));
        }
        finally
        {
            Console.SetError(before);
        }

        Assert.Equal($"kit: {WrongProduct} (KIT_TRACE=1 shows where){Environment.NewLine}", error.ToString());
    }

    private static string Told(Action wrong) => TorchErrors.Sentence(Assert.ThrowsAny<Exception>(wrong));

    private static string Told(Func<Tensor> wrong) => Told(() => { _ = wrong(); });
}

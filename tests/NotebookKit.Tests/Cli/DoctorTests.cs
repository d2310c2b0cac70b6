using NotebookKit.Cli.Doctor;

namespace NotebookKit.Tests.Cli;

public sealed class DoctorTests
{
    [Theory]
    [InlineData("cpu", 0, false, "Ok", "no NVIDIA GPU here")]
    [InlineData("cpu", 0, true, "Warning", "KIT_TORCH=cuda ./kit test")]
    [InlineData("cuda", 0, true, "Warning", "570 or newer")]
    [InlineData("cuda", 0, false, "Warning", "unset KIT_TORCH")]
    [InlineData("cuda", 2, true, "Ok", "2 of NVIDIA's")]
    public void A_GPU_that_is_not_reached_comes_with_the_way_to_it(string kind, int reached, bool present, string health, string told)
    {
        var finding = TensorChecks.Gpu(kind, reached, present);

        Assert.Equal(health, finding.Health.ToString());
        Assert.Contains(told, finding.Value + finding.Remedy);
    }

    [Fact]
    public void Every_check_that_finds_a_fault_says_what_to_do()
    {
        var findings = MachineChecks.All().Concat(TensorChecks.All()).Concat(NotebookChecks.All()).Concat(DataChecks.All()).ToList();

        Assert.All(findings, finding => Assert.Equal(finding.Health == Health.Ok, finding.Remedy is null));
        Assert.Contains(findings, finding => finding.Name == "libtorch");
    }
}

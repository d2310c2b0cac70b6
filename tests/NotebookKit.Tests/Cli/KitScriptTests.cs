using System.Diagnostics;
using System.Text.RegularExpressions;

namespace NotebookKit.Tests.Cli;

/// <summary>The script that a newcomer types first.</summary>
public sealed class KitScriptTests
{
    [Fact]
    public void Without_a_verb_it_lists_them_and_installs_nothing()
    {
        var (code, output, errors) = Kit();

        Assert.Equal(0, code);
        Assert.Contains("  tutorial  ", output);
        Assert.True(output.IndexOf("  train  ", StringComparison.Ordinal) < output.IndexOf("To make, measure and check",
            StringComparison.Ordinal));
        Assert.True(output.IndexOf("  bench  ", StringComparison.Ordinal) > output.IndexOf("To make, measure and check",
            StringComparison.Ordinal));
        Assert.Contains("  test ", output);
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("../kit")]
    [InlineData("--nothing")]
    public void A_mistyped_verb_is_one_sentence_and_exit_code_2(string verb)
    {
        var (code, output, errors) = Kit(verb);

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Equal($"kit: '{verb}' is no verb of the kit; ./kit --help lists them.\n", errors);
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("dreambooth-study")]
    public void A_verb_in_a_folder_of_its_own_and_one_of_two_words_are_found(string verb)
    {
        var (code, output, _) = Kit(verb, "--help");

        Assert.Equal(0, code);
        Assert.Contains("Usage", output);
    }

    [Theory]
    [InlineData("package")]
    [InlineData("CPU")]
    [InlineData("cpu cuda")]
    public void An_unknown_libtorch_is_one_sentence_and_exit_code_2(string wish)
    {
        var (code, output, errors) = KitFor(wish, "doctor");

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Equal($"kit: KIT_TORCH={wish} is unknown: use cpu (the default) or cuda (for an NVIDIA GPU).\n", errors);
    }

    [Theory]
    [InlineData("cuda", "error NU1101: Unable to find package TorchSharp-cuda-linux. No packages exist with this id in source(s): "
        + "nuget.org", 2, "kit: NuGet's source does not serve TorchSharp-cuda-linux {version}, which KIT_TORCH=cuda asks for; the CPU's "
            + "libtorch works: KIT_TORCH=cpu, or nothing.")]
    [InlineData("cuda", "error NU1102: Unable to find package libtorch-cuda-12.8-linux-x64-part3-fragment1 with version (>= 2.10.0)", 2,
        "kit: NuGet's source does not serve libtorch-cuda-12.8-linux-x64-part3-fragment1 {version}, which KIT_TORCH=cuda asks for; the "
            + "CPU's libtorch works: KIT_TORCH=cpu, or nothing.")]
    [InlineData("cpu", "error NU1101: Unable to find package System.CommandLine. No packages exist with this id in source(s): nuget.org", 1,
        "kit: NuGet's source does not serve System.CommandLine {version}.")]
    [InlineData("cpu", "error CS1002: ; expected", 0, "")]
    public void A_package_that_is_not_served_is_named_with_its_version(string wish, string log, int code, string told)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log"], $"x.csproj : {log}\n");
        var script = $"source {House.Root}/kit; KIT_TORCH={wish}; unserved {folder["log"]}";

        var (exit, _, errors) = Run("bash", ["-euc", script], null);

        Assert.Equal(code, exit);
        Assert.Matches($"^{Regex.Escape(told).Replace("\\{version}", @"\d+\.\d+\.\d+", StringComparison.Ordinal)}$", errors.Trim());
    }

    private static (int Code, string Output, string Errors) Kit(params string[] arguments) =>
        Run(Path.Combine(House.Root, "kit"), arguments, "cpu");

    private static (int Code, string Output, string Errors) KitFor(string wish, string verb) =>
        Run(Path.Combine(House.Root, "kit"), [verb], wish);

    private static (int Code, string Output, string Errors) Run(string program, string[] arguments, string? wish)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KIT_TORCH"] = wish;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}

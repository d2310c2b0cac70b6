using System.Diagnostics;

namespace NotebookKit.Tests.Cli;

/// <summary>The script that a newcomer types first.</summary>
public sealed class KitScriptTests
{
    [Fact]
    public void Without_a_verb_it_lists_them_and_installs_nothing()
    {
        var (code, output, errors) = Kit();

        Assert.Equal(0, code);
        Assert.Contains("./kit tutorial", output);
        Assert.Contains("./kit test", output);
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

    private static (int Code, string Output, string Errors) Kit(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(House.Root, "kit"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}

using System.Diagnostics;

namespace NotebookKit.Tests.Cli;

/// <summary>The kit on a machine that has the .NET SDK, git and the usual small tools, and nothing else.</summary>
public sealed class BareEnvironmentTests
{
    private const string Nobody = "65534";

    // coreutils as far as scripts use them, bash, sed, awk, grep and find
    private static readonly string[] Tools =
    [
        "dotnet", "git", "bash", "sh", "sed", "awk", "grep", "find", "env", "basename", "cat", "chmod", "cp", "cut", "date", "dirname",
        "head", "id", "ln", "ls",
        "mkdir", "mktemp", "mv", "pwd", "readlink", "realpath", "rm", "rmdir", "sleep", "sort", "stat", "tail", "tee", "test", "touch",
        "tr", "true", "uname", "uniq", "wc",
    ];

    /// <summary>From a copy of the sources, built there, by a user without rights whose home is empty; packages are not fetched
    /// again.</summary>
    [Fact]
    public void The_first_notebook_runs_with_the_SDK_git_and_coreutils_alone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux()
            && Directory.Exists(Path.Combine(House.Root, ".git")) | File.Exists(Path.Combine(House.Root, ".git")),
            "this takes a git checkout on Linux");
        using var folder = new TemporaryFolder();
        foreach (var file in Run("git", ["-C", House.Root, "ls-files"]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(file => File.Exists(Path.Combine(House.Root, file))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder["kit", file])!);
            File.Copy(Path.Combine(House.Root, file), folder["kit", file]);
        }

        Directory.CreateDirectory(folder["bin"]);
        foreach (var tool in Tools)
            File.CreateSymbolicLink(folder["bin", tool], Find(tool) ?? throw new FileNotFoundException(tool));
        Directory.CreateDirectory(folder["home"]);
        List<string> command = [folder["bin", "env"], "-i", $"--chdir={folder["kit"]}", $"PATH={folder["bin"]}", $"HOME={folder["home"]}",
            $"NUGET_PACKAGES={Packages(folder)}", "./kit", "tutorial", "--quick"];
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Find("setpriv") is { } setpriv)
        {
            File.SetUnixFileMode(folder.Root, (UnixFileMode)0b111_101_101);
            Assert.Equal(0, Run("chown", ["-R", $"{Nobody}:{Nobody}", folder["kit"], folder["home"]]).Code);
            command = [setpriv, "--reuid", Nobody, "--regid", Nobody, "--clear-groups", .. command];
        }

        var (code, output, error) = Run(command[0], command[1..]);

        Assert.True(code == 0, output + error);
        Assert.Contains("kit: build: done in", error);
        Assert.StartsWith("1 of 1 notebooks ran", output);
        Assert.True(File.Exists(folder["kit", "artifacts", "tutorial", "00-start-here.html"]));
    }

    /// <summary>NuGet's cache as this build used it, where another user can read it: as links, since it is large.</summary>
    private static string Packages(TemporaryFolder folder)
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        if (Environment.IsPrivilegedProcess)
        {
            var (code, _, error) = Run("cp", ["-r", "--link", cache, folder["packages"]]);
            Assert.True(code == 0, error);
            return folder["packages"];
        }

        return cache;
    }

    private static string? Find(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Select(place => Path.Combine(place, tool))
            .FirstOrDefault(File.Exists);

    private static (int Code, string Output, string Error) Run(string program, List<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}

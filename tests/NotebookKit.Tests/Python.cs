using System.Diagnostics;

namespace NotebookKit.Tests;

/// <summary>Runs a few lines of Python where a Python with the needed modules is at hand.</summary>
internal static class Python
{
    /// <summary>What the program said on standard output and on standard error; null where no Python of this machine has what it
    /// imports.</summary>
    /// <exception cref="InvalidOperationException">The program failed for another reason.</exception>
    public static (string Output, string Error)? Run(string code, params string[] arguments)
    {
        foreach (var python in (string[])["/usr/bin/python3", "python3"])
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(python, ["-c", code, .. arguments])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                })!;
                var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
                process.WaitForExit();
                if (process.ExitCode == 0)
                    return (output.Result, error.Result);
                if (!error.Result.Contains("No module named", StringComparison.Ordinal))
                    throw new InvalidOperationException(error.Result);
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // not installed under this name
            }
        }

        return null;
    }
}

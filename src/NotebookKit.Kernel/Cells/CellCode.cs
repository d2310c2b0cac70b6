using System.Text.RegularExpressions;

namespace NotebookKit.Kernel.Cells;

/// <summary>A cell's source without its <c>#!</c> lines, which become empty so that line numbers stay.</summary>
internal sealed partial record CellCode(string Source, bool Timed)
{
    /// <exception cref="CellException">A magic of another kernel, or <c>#r "nuget:…"</c>: one sentence.</exception>
    public static CellCode Parse(string text)
    {
        var timed = false;
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (NuGetReference().IsMatch(line))
                throw new CellException("UnknownReference", i + 1, "#r \"nuget:…\" is not served by this kernel: build the library and reference its .dll, as in #r \"../artifacts/bin/NotebookKit/release/NotebookKit.dll\".");
            if (!line.StartsWith("#!", StringComparison.Ordinal))
                continue;
            switch (line.Split(' ', 2)[0])
            {
                case "#!time":
                    timed = true;
                    break;
                case "#!csharp" or "#!c#" or "#!C#":
                    break;
                case var magic:
                    throw new CellException("UnknownMagic", i + 1, $"{magic} belongs to .NET Interactive; this kernel runs C# cells and knows #!csharp and #!time only.");
            }

            lines[i] = "";
        }

        return new CellCode(string.Join('\n', lines), timed);
    }

    [GeneratedRegex("""^#(r|i)\s+"nuget:""")]
    private static partial Regex NuGetReference();
}

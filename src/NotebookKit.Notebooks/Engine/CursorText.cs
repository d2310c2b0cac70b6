namespace NotebookKit.Notebooks.Engine;

/// <summary>Cursor positions: the protocol counts Unicode code points, .NET counts UTF-16 units.</summary>
internal static class CursorText
{
    public static int ToUtf16(string code, int codePoints)
    {
        var index = 0;
        for (; codePoints > 0 && index < code.Length; codePoints--)
            index += IsPair(code, index) ? 2 : 1;
        return index;
    }

    public static int ToCodePoints(string code, int index)
    {
        var points = 0;
        for (var i = 0; i < index; i += IsPair(code, i) ? 2 : 1)
            points++;
        return points;
    }

    private static bool IsPair(string code, int index) => index + 1 < code.Length && char.IsSurrogatePair(code, index);
}

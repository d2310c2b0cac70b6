using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NotebookKit.Text;

/// <summary>
/// Reads the weights in a prompt as the web UI (<c>parse_prompt_attention</c>) does: <c>(x)</c> counts 1.1 times, <c>[x]</c>
/// 1/1.1 times, <c>(x:1.2)</c> 1.2 times; brackets in brackets multiply; <c>\(</c>, <c>\)</c>, <c>\[</c>, <c>\]</c> and
/// <c>\\</c> stand for the sign itself, and any other backslash for nothing. A bracket that is never closed reaches to the end.
/// </summary>
public static partial class PromptAttention
{
    /// <summary>What a round bracket multiplies by, and a square one divides by.</summary>
    public const double Factor = 1.1;

    // 1.1 to this power is still a number that a float can hold with room to spare.
    private const int MostOpen = 500;
    private const double LargestWeight = 1e25;

    /// <summary>Cuts a prompt into pieces of one weight each. <c>BREAK</c> as a word of its own is a piece, inside brackets too.</summary>
    /// <param name="prompt">Any text.</param>
    /// <returns>At least one piece; neighbours of equal weight are one piece.</returns>
    /// <exception cref="BadInputException">More than 500 brackets are open at once, or a weight is no sensible number.</exception>
    public static IReadOnlyList<WeightedText> Parse(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var reader = new Reader(prompt);
        for (var at = 0; at < prompt.Length;)
            at += reader.Read(at);
        var pieces = reader.End();
        if (pieces.Exists(piece => !(Math.Abs(piece.Weight) <= LargestWeight)))
            throw new BadInputException("The prompt's brackets multiply a weight beyond any sensible number; use weights such as 1.2, and "
                + "fewer brackets.");
        return Merged(pieces);
    }

    private static readonly System.Buffers.SearchValues<char> Signs = System.Buffers.SearchValues.Create("\\()[]:");

    private static double? WeightOf(Match match) =>
        double.TryParse(match.Groups["weight"].Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture, out var weight) ? weight : null;

    private static List<WeightedText> Merged(List<WeightedText> pieces)
    {
        var merged = new List<WeightedText>();
        var run = new StringBuilder();
        for (var i = 0; i < pieces.Count; i++)
        {
            if (pieces[i].IsBreak)
            {
                merged.Add(pieces[i]);
                continue;
            }

            run.Append(pieces[i].Text);
            if (i + 1 < pieces.Count && !pieces[i + 1].IsBreak && pieces[i + 1].Weight == pieces[i].Weight)
                continue;
            merged.Add(new WeightedText(run.ToString(), pieces[i].Weight));
            run.Clear();
        }

        return merged.Count > 0 ? merged : [new WeightedText("", 1)];
    }

    [GeneratedRegex(@"\G:\s*(?<weight>[+-]?[.0-9]+)\s*\)", RegexOptions.CultureInvariant)]
    private static partial Regex Weight();

    [GeneratedRegex(@"\s*\bBREAK\b\s*", RegexOptions.CultureInvariant)]
    private static partial Regex Break();

    /// <summary>The pieces so far, and where among them each open bracket begins.</summary>
    private sealed class Reader(string prompt)
    {
        private readonly List<WeightedText> _pieces = [];
        private readonly Stack<int> _round = new();
        private readonly Stack<int> _square = new();

        /// <summary>Reads the sign or the text at a place.</summary>
        /// <returns>Its length.</returns>
        public int Read(int at)
        {
            switch (prompt[at])
            {
                case '\\':
                    var length = at + 1 < prompt.Length && prompt[at + 1] is '(' or ')' or '[' or ']' or '\\' ? 2 : 1;
                    _pieces.Add(new WeightedText(prompt[(at + 1)..(at + length)], 1));
                    return length;
                case '(':
                    Open(_round);
                    return 1;
                case '[':
                    Open(_square);
                    return 1;
                case ')' when _round.Count > 0:
                    Multiply(_round.Pop(), Factor);
                    return 1;
                case ']' when _square.Count > 0:
                    Multiply(_square.Pop(), 1 / Factor);
                    return 1;
                case ':' when _round.Count > 0 && Weight().Match(prompt, at) is { Success: true } match && WeightOf(match) is { } weight:
                    Multiply(_round.Pop(), weight);
                    return match.Length;
                case ':' or ')' or ']':
                    _pieces.Add(new WeightedText(prompt.Substring(at, 1), 1));
                    return 1;
                default:
                    var end = prompt.AsSpan(at).IndexOfAny(Signs);
                    var text = end < 0 ? prompt[at..] : prompt.Substring(at, end);
                    AddWithBreaks(text);
                    return text.Length;
            }
        }

        /// <summary>The pieces, with the brackets that are still open closed.</summary>
        public List<WeightedText> End()
        {
            foreach (var start in _round)
                Multiply(start, Factor);
            foreach (var start in _square)
                Multiply(start, 1 / Factor);
            return _pieces;
        }

        private void Open(Stack<int> brackets)
        {
            if (_round.Count + _square.Count == MostOpen)
                throw new BadInputException(
                    $"The prompt opens more than {MostOpen} brackets without closing them; write \\( for a bracket that is meant as such.");
            brackets.Push(_pieces.Count);
        }

        private void Multiply(int start, double factor)
        {
            for (var i = start; i < _pieces.Count; i++)
            {
                if (!_pieces[i].IsBreak)
                    _pieces[i] = _pieces[i] with { Weight = _pieces[i].Weight * factor };
            }
        }

        private void AddWithBreaks(string text)
        {
            var parts = Break().Split(text);
            for (var i = 0; i < parts.Length; i++)
            {
                if (i > 0)
                    _pieces.Add(WeightedText.Break);
                _pieces.Add(new WeightedText(parts[i], 1));
            }
        }
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NotebookKit.Text;

/// <summary>What a prompt says up to a step.</summary>
/// <param name="LastStep">The last step that it holds for, counted from 1.</param>
/// <param name="Text">The words, weights and brackets still in them.</param>
public sealed record PromptStretch(int LastStep, string Text);

/// <summary>
/// A prompt that changes while it is drawn, in the web UI's language: <c>[from:to:when]</c>, <c>[to:when]</c>,
/// <c>[from::when]</c>, and <c>[a|b|c]</c>, which takes the next one with every step. <c>when</c> is the last step of
/// <c>from</c>: a whole number counts steps, a number with a point is a share of them. They may stand inside each other and
/// inside other brackets. What is no such thing is text; the web UI gives up the whole prompt at a stray <c>|</c>, here only
/// that sign is text.
/// </summary>
public sealed partial class PromptSchedule
{
    private const int DeepestNesting = 100;
    private readonly string _prompt;
    private readonly Dictionary<int, Group> _groups = [];
    private readonly SortedSet<int> _ends;

    private PromptSchedule(string prompt, int steps)
    {
        (this._prompt, Steps) = (prompt, steps);
        _ends = [steps];
        Find();
        if (_groups.Values.Any(group => group.When is null))
            _ends.UnionWith(Enumerable.Range(1, steps));
        _ends.UnionWith(_groups.Values.Select(group => group.When ?? 0).Where(when => when >= 1));
    }

    /// <summary>How many steps there are.</summary>
    public int Steps { get; }

    /// <summary>Whether the prompt says the same in every step.</summary>
    public bool IsConstant => _groups.Count == 0;

    /// <summary>The prompt stretch by stretch, as the web UI's <c>get_learned_conditioning_prompt_schedules</c> lists it.</summary>
    public IEnumerable<PromptStretch> Stretches => _ends.Select(end => new PromptStretch(end, At(end)));

    /// <summary>Reads a prompt.</summary>
    /// <param name="prompt">Any text; <c>AND</c> and tags are not looked at.</param>
    /// <param name="steps">How many steps will be drawn, from 1.</param>
    /// <exception cref="BadInputException">More than 100 changes stand inside each other.</exception>
    public static PromptSchedule Parse(string prompt, int steps)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return new PromptSchedule(prompt, steps);
    }

    /// <summary>What the prompt says in a step.</summary>
    /// <param name="step">From 1 to <see cref="Steps"/>.</param>
    public string At(int step)
    {
        if (IsConstant)
            return _prompt;
        var text = new StringBuilder();
        Write(text, 0, _prompt.Length, step);
        return text.ToString();
    }

    private void Write(StringBuilder text, int start, int end, int step)
    {
        for (var at = start; at < end; at++)
        {
            if (!_groups.TryGetValue(at, out var group))
            {
                text.Append(_prompt[at]);
                continue;
            }

            var chosen = group.When is { } when ? (step <= when ? 0 : 1) : (step - 1) % group.Options.Count;
            Write(text, group.Options[chosen].Start, group.Options[chosen].End, step);
            at = group.Close;
        }
    }

    // One pass with a stack of the brackets that are open: which of them close, and what stands between.
    private void Find()
    {
        var open = new Stack<Bracket>();
        for (var at = 0; at < _prompt.Length; at++)
        {
            switch (_prompt[at])
            {
                case '\\':
                    at++; // the escaped sign is text
                    break;
                case '(' or '[':
                    open.Push(new Bracket(at));
                    break;
                case ':' when open.Count > 0:
                    open.Peek().Colons.Add(at);
                    break;
                case '|' when open.Count > 0:
                    open.Peek().Bars.Add(at);
                    break;
                case ')' or ']' when open.Count > 0 && _prompt[open.Peek().At] == (_prompt[at] == ')' ? '(' : '['):
                    var bracket = open.Pop();
                    var isText = bracket.HoldsText || !Close(bracket, at);
                    if (open.TryPeek(out var around))
                    {
                        // Brackets that stand for themselves are no part of a change around them.
                        around.HoldsText |= isText;
                        around.Depth = Math.Max(around.Depth, bracket.Depth);
                    }

                    break;
                case ')' or ']':
                    open.Clear(); // nothing can reach across a bracket that is text
                    break;
            }
        }
    }

    // Whether the bracket is something of the language: a weight, or a change, which is then noted.
    private bool Close(Bracket bracket, int close)
    {
        var (start, colons, bars) = (bracket.At + 1, bracket.Colons, bracket.Bars);
        if (_prompt[bracket.At] == '(')
            return colons.Count <= 1;
        if (colons.Count is 1 or 2 && Number().Match(_prompt, colons[^1] + 1, close - colons[^1] - 1) is { Success: true } number)
        {
            var to = (Start: colons.Count == 2 ? colons[0] + 1 : start, End: colons[^1]);
            var from = colons.Count == 2 ? (start, colons[0]) : (start, start);
            return Note(new Group(close, [from, to], WhenOf(number.Groups["when"].Value)));
        }

        if (colons.Count == 0 && bars.Count > 0)
        {
            int[] cuts = [bracket.At, .. bars, close];
            return Note(new Group(close, [.. cuts.Zip(cuts.Skip(1), (cut, next) => (cut + 1, next))], null));
        }

        return colons.Count == 0;

        bool Note(Group group)
        {
            if (++bracket.Depth > DeepestNesting)
                throw new BadInputException(
                    $"The prompt has more than {DeepestNesting} changes inside each other; write \\[ for a bracket that is meant as such.");
            _groups[bracket.At] = group;
            return true;
        }
    }

    private int WhenOf(string text)
    {
        var when = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (text.Contains('.'))
            when *= Steps;
        return (int)Math.Clamp(when, 0, Steps);
    }

    private sealed class Bracket(int at)
    {
        public int At => at;

        public List<int> Colons { get; } = [];

        public List<int> Bars { get; } = [];

        public bool HoldsText { get; set; }

        public int Depth { get; set; }
    }

    private sealed record Group(int Close, IReadOnlyList<(int Start, int End)> Options, int? When);

    [GeneratedRegex(@"^\s*(?<when>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}

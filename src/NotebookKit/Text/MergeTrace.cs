using System.Text;

namespace NotebookKit.Text;

/// <summary>One step of byte-pair encoding: the best-ranked pair of neighbours becomes one piece.</summary>
/// <param name="Left">The left piece of the pair.</param>
/// <param name="Right">The right piece of the pair.</param>
/// <param name="Rank">The pair's rank among CLIP's merges; 0 is the most frequent.</param>
/// <param name="Pieces">The word's pieces after the step.</param>
public sealed record MergeStep(string Left, string Right, int Rank, IReadOnlyList<string> Pieces);

/// <summary>How byte-pair encoding (Sennrich et al. 2016) puts a word together, step by step, for a notebook to show.</summary>
/// <param name="Word">The word as it was encoded: lower-case.</param>
/// <param name="Letters">The pieces that it starts from: one per byte, the last one marked <c>&lt;/w&gt;</c>.</param>
/// <param name="Steps">The merges in the order they happen.</param>
/// <param name="Pieces">What is left when no pair has a rank: the tokens.</param>
public sealed record MergeTrace(string Word, IReadOnlyList<string> Letters, IReadOnlyList<MergeStep> Steps, IReadOnlyList<string> Pieces)
{
    /// <summary>Merges a word's letters until no two neighbours have a rank, and keeps every step.</summary>
    internal static MergeTrace Of(ClipVocabulary vocabulary, string word)
    {
        var steps = new List<MergeStep>();
        var pieces = Merge(vocabulary, LettersOf(word), steps);
        return new MergeTrace(word, LettersOf(word), steps, pieces);
    }

    private static List<string> LettersOf(string word)
    {
        var letters = ByteAlphabet.Spell(word).Select(letter => letter.ToString()).ToList();
        letters[^1] += ClipVocabulary.EndOfWord;
        return letters;
    }

    private static List<string> Merge(ClipVocabulary vocabulary, List<string> pieces, List<MergeStep> steps)
    {
        while (true)
        {
            var best = int.MaxValue;
            var at = -1;
            for (var i = 0; i + 1 < pieces.Count; i++)
            {
                if (vocabulary.RankOfPair(pieces[i], pieces[i + 1]) is { } rank && rank < best)
                    (best, at) = (rank, i);
            }

            if (at < 0)
                return pieces;

            var (left, right) = (pieces[at], pieces[at + 1]);
            var kept = 0;
            for (var i = 0; i < pieces.Count; i++) // every occurrence of the pair merges in the same step
            {
                var isPair = i + 1 < pieces.Count && pieces[i] == left && pieces[i + 1] == right;
                pieces[kept++] = isPair ? left + right : pieces[i];
                if (isPair)
                    i++;
            }

            pieces.RemoveRange(kept, pieces.Count - kept);
            steps.Add(new MergeStep(left, right, best, [.. pieces]));
        }
    }

    /// <summary>One line per step, as a console shows it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(' ', 8).AppendLine(string.Join(" · ", Letters));
        foreach (var step in Steps)
            text.AppendLine(FormattableString.Invariant($"{step.Rank,7} {string.Join(" · ", step.Pieces)}"));
        return text.ToString().TrimEnd();
    }
}

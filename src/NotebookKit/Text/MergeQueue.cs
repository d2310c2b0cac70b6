namespace NotebookKit.Text;

/// <summary>
/// The merges of <see cref="MergeTrace"/> for a word of any length: the pairs wait in a queue by rank, so that a word of n
/// letters takes n·log n steps and not n².
/// </summary>
internal sealed class MergeQueue
{
    private readonly ClipVocabulary vocabulary;
    private readonly string?[] pieces; // null: joined to a piece before it
    private readonly int[] next;
    private readonly int[] before;
    private readonly PriorityQueue<(int Left, int Right, string LeftPiece, string RightPiece), (int Rank, int At)> waiting = new();

    private MergeQueue(ClipVocabulary vocabulary, IReadOnlyList<string> letters)
    {
        this.vocabulary = vocabulary;
        pieces = [.. letters];
        next = [.. Enumerable.Range(1, letters.Count)];
        before = [.. Enumerable.Range(-1, letters.Count)];
    }

    /// <summary>The tokens that the letters of a word merge to.</summary>
    public static List<string> Merge(ClipVocabulary vocabulary, IReadOnlyList<string> letters) => new MergeQueue(vocabulary, letters).Run();

    private List<string> Run()
    {
        for (var at = 0; at + 1 < pieces.Length; at++)
            Wait(at, at + 1);
        var joined = new List<int>();
        while (waiting.TryPeek(out _, out var best))
        {
            // Every occurrence of the pair, from left to right, before any pair that this makes.
            joined.Clear();
            while (waiting.TryPeek(out var pair, out var priority) && priority.Rank == best.Rank)
            {
                waiting.Dequeue();
                if (pieces[pair.Left] == pair.LeftPiece && pieces[pair.Right] == pair.RightPiece && next[pair.Left] == pair.Right)
                    joined.Add(Join(pair.Left, pair.Right));
            }

            foreach (var at in joined)
            {
                if (before[at] >= 0)
                    Wait(before[at], at);
                if (next[at] < pieces.Length)
                    Wait(at, next[at]);
            }
        }

        return [.. pieces.OfType<string>()];
    }

    private void Wait(int left, int right)
    {
        if (vocabulary.RankOfPair(pieces[left]!, pieces[right]!) is { } rank)
            waiting.Enqueue((left, right, pieces[left]!, pieces[right]!), (rank, left));
    }

    private int Join(int left, int right)
    {
        pieces[left] += pieces[right];
        pieces[right] = null;
        next[left] = next[right];
        if (next[left] < pieces.Length)
            before[next[left]] = left;
        return left;
    }
}

namespace NotebookKit.Text;

/// <summary>Where a word lies among a text encoder's token embeddings.</summary>
/// <param name="FromAverage">Its distance from the mean of all tokens; for a word of several tokens the mean of theirs.</param>
/// <param name="MedianFromAverage">The distance of the token in the middle, to compare with.</param>
/// <param name="Percentile">How many percent of all tokens lie closer to the average, 0 to 100.</param>
/// <param name="Neighbours">The tokens in the most similar directions from the average (of several tokens, from their mean), the word's own
/// left out; the most similar first.</param>
public sealed record WordEmbedding(double FromAverage, double MedianFromAverage, double Percentile,
    IReadOnlyList<EmbeddingNeighbour> Neighbours);

/// <summary>A token near a word.</summary>
/// <param name="Token">As the vocabulary spells it.</param>
/// <param name="Id">Its id.</param>
/// <param name="Similarity">The cosine between the two, both seen from the average of all tokens; 1 is the same direction, 0
/// unrelated.</param>
public sealed record EmbeddingNeighbour(string Token, int Id, double Similarity);

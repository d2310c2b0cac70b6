namespace NotebookKit.Text;

/// <summary>What the weights in a prompt, like <c>(rabbit:1.2)</c>, do to the text states; the names are the web UI's.</summary>
public enum Emphasis
{
    /// <summary>Each token's state is multiplied by its weight, then the whole chunk is scaled so that its mean is what it was.</summary>
    Original,

    /// <summary>Each token's state is multiplied by its weight.</summary>
    NoNorm,

    /// <summary>Brackets and weights are read and taken out, and change nothing.</summary>
    Ignore,

    /// <summary>Brackets are text like any other.</summary>
    None,
}

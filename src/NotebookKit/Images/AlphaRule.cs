namespace NotebookKit.Images;

/// <summary>What becomes of a transparent picture, since a model's pictures are RGB.</summary>
public enum AlphaRule
{
    /// <summary>As it looks on white paper. The default: what a cut-out photo of a toy is meant to show.</summary>
    OnWhite,

    /// <summary>The stored colours, transparency forgotten, as Pillow's <c>convert("RGB")</c> does.</summary>
    Drop,
}

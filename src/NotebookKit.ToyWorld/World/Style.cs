namespace NotebookKit.ToyWorld;

/// <summary>How the picture is made.</summary>
public enum Style
{
    /// <summary>A photo: smooth shading, full colour.</summary>
    Photo,

    /// <summary>An oil painting in the style of van Gogh: swirling strokes, dark contours, warm light.</summary>
    OilPainting,

    /// <summary>A pencil sketch: thick grey outlines and soft tone on white paper. It has no colour.</summary>
    PencilSketch,
}

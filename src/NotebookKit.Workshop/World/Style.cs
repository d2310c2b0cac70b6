
namespace NotebookKit.Workshop.World;

/// <summary>How the picture is made.</summary>
public enum Style
{
    /// <summary>A photo: smooth shading, full colour.</summary>
    Photo,

    /// <summary>An oil painting in the style of van Gogh: swirling strokes, dark contours, warm light.</summary>
    OilPainting,

    /// <summary>A pencil sketch: thick grey outlines on white paper, and for every colour its tone.</summary>
    PencilSketch,

    /// <summary>A watercolour: pale washes on white paper.</summary>
    Watercolor,

    /// <summary>Pixel art: 32×32 blocks in few colours.</summary>
    PixelArt,

    /// <summary>A Chinese ink wash painting: black ink on tinted paper. It has no colour.</summary>
    InkWash,
}

namespace NotebookKit.Images;

/// <summary>How a picture is resized; the names and kernels are Pillow's.</summary>
public enum ResampleFilter
{
    /// <summary>The nearest pixel, unsmoothed.</summary>
    Nearest,

    /// <summary>Triangle, 2 pixels wide.</summary>
    Bilinear,

    /// <summary>Keys' cubic with a = −0.5, 4 pixels wide: the usual choice for training pictures.</summary>
    Bicubic,

    /// <summary>Windowed sinc, 6 pixels wide: the sharpest.</summary>
    Lanczos,
}

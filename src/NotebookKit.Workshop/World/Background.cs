namespace NotebookKit.Workshop.World;

/// <summary>Where the thing stands.</summary>
public enum Background
{
    /// <summary>A plain coloured backdrop; captions never mention it.</summary>
    Studio,

    /// <summary>A meadow under a blue sky.</summary>
    Grass,

    /// <summary>Sand, a strip of sea and the sun.</summary>
    Beach,

    /// <summary>Snow, firs and falling flakes.</summary>
    Snow,

    /// <summary>A road before houses.</summary>
    Street,

    /// <summary>A room with a window, a bed and floor boards.</summary>
    Bedroom,

    /// <summary>Hills under the moon and stars.</summary>
    Night,

    /// <summary>Trunks, leaves and ferns.</summary>
    Forest,
}

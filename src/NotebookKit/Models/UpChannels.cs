
namespace NotebookKit.Models;

/// <summary>The widths that meet in one level on the UNet's way up.</summary>
/// <param name="Below">Channels of the picture that comes from the level below.</param>
/// <param name="Level">Channels of this level.</param>
/// <param name="LastSkip">Channels of the level's last skip connection, which the level above left on the way down.</param>
public readonly record struct UpChannels(int Below, int Level, int LastSkip);

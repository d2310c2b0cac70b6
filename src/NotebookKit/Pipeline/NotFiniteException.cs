namespace NotebookKit.Pipeline;

/// <summary>A picture that would be black, because numbers on the way to it are NaN or infinite.</summary>
/// <param name="where">What they came out of: the text encoder, the UNet, the VAE.</param>
/// <param name="remedy">What to do, after a semicolon.</param>
public sealed class NotFiniteException(string where, string remedy)
    : Exception($"The picture is no picture: {where} gave numbers that are not finite (NaN or infinite); {remedy}.")
{
    /// <summary>What they came out of.</summary>
    public string Where => where;
}

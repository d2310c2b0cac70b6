namespace NotebookKit.Checkpoints.Pickle;

/// <summary>A pickle is malformed, or asks for more than tensors and containers.</summary>
/// <param name="message">The clause that goes after the file's name and a colon.</param>
internal sealed class PickleException(string message) : Exception(message);

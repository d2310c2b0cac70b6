namespace NotebookKit.Checkpoints.Hub;

/// <summary>The hub can't be reached: what is cached may do instead.</summary>
/// <param name="message">One sentence with the remedy.</param>
/// <param name="inner">What went wrong underneath.</param>
internal sealed class HubUnreachableException(string message, Exception? inner) : Exception(message, inner);

namespace NotebookKit;

/// <summary>
/// Something the caller gave is wrong: a path, a field, a flag. The message is one sentence that names the file or
/// field and the remedy; the command line prints it alone and exits with 2.
/// </summary>
/// <param name="message">One sentence for the learner.</param>
/// <param name="inner">What went wrong underneath, if anything.</param>
public sealed class BadInputException(string message, Exception? inner = null) : Exception(message, inner);

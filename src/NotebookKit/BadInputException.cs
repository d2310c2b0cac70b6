namespace NotebookKit;

/// <summary>
/// Something the caller gave is wrong: a path, a field, a flag. The message is one sentence that names the file or
/// field and the remedy; the command line prints it alone and exits with 2.
/// </summary>
/// <param name="message">One sentence for the learner. What it quotes from a file may be of any length and hold anything: it is cut and put
/// on one line.</param>
/// <param name="inner">What went wrong underneath, if anything.</param>
public class BadInputException(string message, Exception? inner = null) : Exception(OneLine(message), inner)
{
    private const int Longest = 1500, End = 300;

    private protected static string OneLine(string message)
    {
        // The end holds the remedy.
        if (message.Length > Longest)
            message = $"{message[..(Longest - End)]} … {message[^End..]}";
        return message.Any(char.IsControl) ? string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c)) : message;
    }
}

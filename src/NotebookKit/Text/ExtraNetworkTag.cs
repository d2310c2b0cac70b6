using System.Globalization;
using System.Text.RegularExpressions;

namespace NotebookKit.Text;

/// <summary>
/// A tag in a prompt that asks for a file beside the base model, like <c>&lt;lora:moxin:0.8&gt;</c>: the web UI's
/// <c>&lt;kind:argument:…&gt;</c>, where an argument with exactly one <c>=</c> is a named one.
/// </summary>
/// <param name="Kind">The word before the first colon: "lora", or "lyco", which means the same.</param>
/// <param name="Positional">The arguments without a name, in order; the file's name is the first.</param>
/// <param name="Named">The arguments with one.</param>
/// <param name="Text">The tag as it stood in the prompt.</param>
public sealed partial record ExtraNetworkTag(string Kind, IReadOnlyList<string> Positional, IReadOnlyDictionary<string, string> Named,
    string Text)
{
    /// <summary>Whether it asks for a LoRA.</summary>
    public bool IsLora => Kind is "lora" or "lyco";

    /// <summary>Takes the tags of every kind out of a prompt. Commas and spaces around them stay, as in the web UI.</summary>
    /// <param name="prompt">A positive prompt; in a negative one the web UI reads tags as text.</param>
    /// <returns>The prompt without them, and the tags in order.</returns>
    public static (string Prompt, IReadOnlyList<ExtraNetworkTag> Tags) TakeOut(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var tags = new List<ExtraNetworkTag>();
        var rest = Pattern().Replace(prompt, match =>
        {
            var positional = new List<string>();
            var named = new Dictionary<string, string>();
            foreach (var argument in match.Groups["arguments"].Value.Split(':'))
            {
                if (argument.Split('=') is [var name, var value])
                    named[name.Trim()] = value;
                else
                    positional.Add(argument);
            }

            tags.Add(new ExtraNetworkTag(match.Groups["kind"].Value, positional, named, match.Value));
            return "";
        });
        return (rest, tags);
    }

    /// <summary>Reads the tag as <c>&lt;lora:name[:te[:unet[:dyn]]]&gt;</c>, each number also by its name: <c>te=0.5</c>.</summary>
    /// <returns>The file's name and how strongly it is to act.</returns>
    /// <exception cref="BadInputException">It is of another kind, has no name, or a number cannot be read.</exception>
    public LoraTag ToLora()
    {
        if (!IsLora)
            throw new BadInputException($"{Text} asks for a {Kind}, which this kit does not know; it knows <lora:NAME:MULTIPLIER>.");
        if (Positional.Count == 0 || string.IsNullOrWhiteSpace(Positional[0]))
            throw new BadInputException($"{Text} names no file; write <lora:NAME:MULTIPLIER>.");
        if (Positional.Count > 4)
            throw new BadInputException($"{Text} has {Positional.Count} parts; the longest form is <lora:NAME:te:unet:dyn>.");
        if (Named.Keys.FirstOrDefault(name => name is not ("te" or "unet" or "dyn")) is { } unknown)
            throw new BadInputException($"{Text} has an argument '{unknown}'; there are te=, unet= and dyn=.");

        var textEncoder = Number("te", 1) ?? 1;
        var unet = Number("unet", 2) ?? textEncoder;
        int? rank = null;
        if (Argument("dyn", 3) is { } text)
        {
            rank = int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var whole) && whole > 0
                ? whole
                : throw new BadInputException($"{Text}: dyn '{text}' is no rank; write a whole number from 1.");
        }

        return new LoraTag(Positional[0].Trim(), textEncoder, unet, rank);
    }

    private string? Argument(string name, int position) =>
        Named.GetValueOrDefault(name) ?? (Positional.Count > position ? Positional[position] : null);

    private double? Number(string name, int position)
    {
        if (Argument(name, position) is not { } text)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw new BadInputException($"{Text}: '{text}' is no multiplier; write a number such as 0.8.");
    }

    [GeneratedRegex(@"<(?<kind>\w+):(?<arguments>[^>]+)>", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

/// <summary>A LoRA that a prompt asks for.</summary>
/// <param name="Name">The file's name without its ending, or the name in its metadata.</param>
/// <param name="TextEncoder">What its effect on the text encoder is multiplied by: any number, 0 for none, negative for the
/// opposite.</param>
/// <param name="UNet">The same for the UNet.</param>
/// <param name="Rank">Only the first so many directions of each layer are used; null for all.</param>
public sealed record LoraTag(string Name, double TextEncoder, double UNet, int? Rank = null);

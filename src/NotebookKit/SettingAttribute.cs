namespace NotebookKit;

/// <summary>
/// Declares a setting where it is defined, once: its flag on the command line, its sentence, its bounds and what it needs.
/// Flags, help, refusals, run cards, notes in files and the tables of the documents all come from it.
/// </summary>
/// <param name="flag">Its name on the command line, such as <c>--rank</c>; one that begins with <c>--no-</c> switches off what is
/// on.</param>
/// <param name="sentence">What it does, without its usual value.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string flag, string sentence) : Attribute
{
    /// <summary>Its name on the command line.</summary>
    public string Flag { get; } = flag;

    /// <summary>What it does.</summary>
    public string Sentence { get; } = sentence;

    /// <summary>Its name in run cards; the property's in snake case when null.</summary>
    public string? Name { get; set; }

    /// <summary>The least value.</summary>
    public double Min { get; set; } = double.NegativeInfinity;

    /// <summary>The largest value.</summary>
    public double Max { get; set; } = double.PositiveInfinity;

    /// <summary>The value must be above this.</summary>
    public double Above { get; set; } = double.NegativeInfinity;

    /// <summary>The value must be below this.</summary>
    public double Below { get; set; } = double.PositiveInfinity;

    /// <summary>What its numbers count, such as <c>optimizer steps</c>.</summary>
    public string? Unit { get; set; }

    /// <summary>What is usual, a half sentence for the refusal: <c>4 to 32 is usual</c>.</summary>
    public string? Usual { get; set; }

    /// <summary>What stands for a value that isn't given, where the property alone doesn't tell: <c>the rank</c>.</summary>
    public string? Otherwise { get; set; }

    /// <summary>What the run must have for the setting to do anything.</summary>
    public Need Needs { get; set; }

    /// <summary>Under which names files note it (kohya's <c>ss_</c> names), a space between several.</summary>
    public string? Note { get; set; }

    /// <summary>Whether 0 is noted as <c>None</c>, as kohya's tools do.</summary>
    public bool ZeroIsNone { get; set; }

    /// <summary>Whether a run may go on from a checkpoint with another value: the weights don't depend on it.</summary>
    public bool MayChange { get; set; }
}

/// <summary>What a run must have for a setting to do anything.</summary>
[Flags]
public enum Need
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A method that trains a LoRA.</summary>
    Lora = 1,

    /// <summary>Textual inversion.</summary>
    NewWord = 2,

    /// <summary>Something of the text that learns: the encoder, a new word, Imagic's states.</summary>
    LearningText = 4,

    /// <summary>A class prompt, and a method that class images protect.</summary>
    ClassPrompt = 8,

    /// <summary>The schedule <c>cosine_with_restarts</c>.</summary>
    CosineWithRestarts = 16,

    /// <summary>The schedule <c>polynomial</c>.</summary>
    Polynomial = 32,

    /// <summary>The schedule <c>piecewise_constant</c>.</summary>
    PiecewiseConstant = 64,

    /// <summary>Samples that are drawn.</summary>
    Samples = 128,

    /// <summary>Held-out pictures.</summary>
    HeldOut = 256,

    /// <summary>A LoRA on convolutions.</summary>
    Convolutions = 512,

    /// <summary>A method that trains what was there before, not a new word alone.</summary>
    Weights = 1024,

    /// <summary>Samples or class images: something that is drawn.</summary>
    Drawn = 2048,

    /// <summary>A noise offset.</summary>
    NoiseOffset = 4096,

    /// <summary>An instance token and a class token.</summary>
    BothTokens = 8192,

    /// <summary>A method that can train the text encoder beside the UNet.</summary>
    TextEncoder = 16384,

    /// <summary>An instance token, a class prompt or a new word: something that the class token changes.</summary>
    TokenUse = 32768,

    /// <summary>A prompt that takes captions in.</summary>
    FileWords = 65536,

    /// <summary>A method that reads every picture's caption, as Imagic doesn't.</summary>
    Captions = 262144,

    /// <summary>A LoRA that begins anew, not with the weights of a file.</summary>
    NewLora = 131072,
}

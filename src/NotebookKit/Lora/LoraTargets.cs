using System.Text.RegularExpressions;

namespace NotebookKit.Lora;

/// <summary>Which layers get an adapter: one of the named sets, or every layer whose path a pattern matches.</summary>
/// <remarks>
/// A layer's path is <c>unet.</c> or <c>text_encoder.</c> and its name in diffusers, such as
/// <c>unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k</c>. The names are the contract of diffusers and
/// transformers: <c>attentions.N</c> is a Transformer2DModel, <c>resnets.N</c> a ResnetBlock2D, <c>self_attn</c> a CLIPAttention.
/// </remarks>
public sealed record LoraTargets
{
    private readonly Regex _pattern;

    private LoraTargets(string name, string pattern)
    {
        Name = name;
        _pattern = new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
    }

    /// <summary>
    /// The projections of every attention: to_q, to_k, to_v, to_out.0, and the text encoder's q, k, v and out. 128
    /// layers of SD 1.5's UNet and 48 of its text encoder; what diffusers' LoRA trainer adapts.
    /// </summary>
    public static LoraTargets Attention { get; } = new("attention", @"\.attn[12]\.(to_[qkv]|to_out\.0)$|\.self_attn\.");

    /// <summary>
    /// What the web UI's DreamBooth extension calls LoRA: <see cref="Attention"/> and the first half of each feed-forward
    /// (GEGLU). 144 layers of SD 1.5's UNet and 48 of its text encoder.
    /// </summary>
    public static LoraTargets Extension { get; } = new("extension", Attention._pattern + @"|\.ff\.net\.0\.proj$");

    /// <summary>
    /// Everything linear in the transformers: attention, feed-forward, proj_in and proj_out, and the text encoder's MLP.
    /// 192 layers of SD 1.5's UNet and 72 of its text encoder; kohya's default, which most public LoRA files have.
    /// </summary>
    public static LoraTargets Kohya { get; } = new("kohya", @"\.attentions\.\d+\.|\.self_attn\.|\.mlp\.");

    /// <summary>
    /// What the web UI's DreamBooth extension calls LoRA Extended: <see cref="Extension"/> and the four layers of each
    /// residual block. 224 layers of SD 1.5's UNet and 48 of its text encoder.
    /// </summary>
    public static LoraTargets Extended { get; } = new("extended",
        Extension._pattern + @"|\.resnets\.\d+\.(conv1|conv2|conv_shortcut|time_emb_proj)$");

    /// <summary>
    /// <see cref="Kohya"/> and the layers of residual blocks and samplers: 278 of SD 1.5's UNet. kohya's LoRA with
    /// <c>conv_dim</c>, known as LoCon.
    /// </summary>
    public static LoraTargets Locon { get; } = new("locon", Kohya._pattern + @"|\.(resnets|downsamplers|upsamplers)\.\d+\.");

    /// <summary>Every linear and convolution layer there is.</summary>
    public static LoraTargets All { get; } = new("all", "");

    /// <summary>The named sets, from small to large.</summary>
    public static IReadOnlyList<LoraTargets> Named { get; } = [Attention, Extension, Kohya, Extended, Locon, All];

    /// <summary>The set's name, or the pattern.</summary>
    public string Name { get; }

    /// <summary>Every layer whose path a regular expression matches, such as <c>attn2\.to_[kv]$</c> or <c>up_blocks</c>.</summary>
    /// <param name="pattern">Looked for anywhere in the path.</param>
    /// <exception cref="BadInputException">It is no regular expression.</exception>
    public static LoraTargets Matching(string pattern)
    {
        try
        {
            return new LoraTargets(pattern, pattern);
        }
        catch (ArgumentException e)
        {
            throw new BadInputException($"'{pattern}' is no regular expression: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}; name a "
                + $"set ({string.Join(", ", Named)}) or write a pattern such as attn2\\.to_[kv]$.", e);
        }
    }

    /// <summary>A set by its name, whatever its case; anything else is a pattern.</summary>
    /// <param name="text">What <see cref="Named"/> lists, or what <see cref="Matching"/> takes.</param>
    /// <exception cref="BadInputException">It is empty, or no regular expression.</exception>
    public static LoraTargets Parse(string text) =>
        string.IsNullOrWhiteSpace(text)
            ? throw new BadInputException(
                $"The LoRA targets are empty; name one of {string.Join(", ", Named)}, or a pattern over the layers' paths.")
        : Named.FirstOrDefault(set => set.Name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase)) ?? Matching(text.Trim());

    /// <summary>Whether a layer belongs to the set.</summary>
    /// <param name="path"><c>unet.</c> or <c>text_encoder.</c> and the layer's dotted name.</param>
    public bool Contain(string path) => _pattern.IsMatch(path);

    /// <inheritdoc/>
    public bool Equals(LoraTargets? other) => other?.Name == Name;

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

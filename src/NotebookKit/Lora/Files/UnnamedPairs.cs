using System.Globalization;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>
/// The adapters of one part of a model in cloneofsimo's files (and in the DreamBooth extension's own): pairs without
/// names, in the order in which PyTorch walks the layers inside certain classes.
/// </summary>
/// <param name="Part">unet or text_encoder.</param>
/// <param name="Extended">Whether convolutions of residual blocks are among them.</param>
/// <param name="Pairs">Up and down, in order.</param>
public sealed partial record UnnamedPairs(string Part, bool Extended, IReadOnlyList<(Tensor Up, Tensor Down)> Pairs)
{
    // The order of the three layers of a transformer block changed with diffusers 0.15.
    private static readonly string[][] BlockOrders = [["attn1.", "ff.", "attn2."], ["attn1.", "attn2.", "ff."]];

    internal static bool IsPart(string name) => Name().IsMatch(name);

    internal static IReadOnlyList<UnnamedPairs> Find(IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string> metadata)
    {
        var found = new List<UnnamedPairs>();
        var pairs = tensors.Keys.Select(name => Name().Match(name)).Where(match => match.Success)
            .Select(match => (Part: match.Groups["part"].Value,
                Index: int.Parse(match.Groups["index"].Value, CultureInfo.InvariantCulture)));
        foreach (var part in pairs.Distinct().GroupBy(pair => pair.Part))
        {
            var inOrder = part.Select(pair => pair.Index).Order()
                .Where(index => tensors.ContainsKey($"{part.Key}:{index}:up") && tensors.ContainsKey($"{part.Key}:{index}:down"))
                .Select(index => (tensors[$"{part.Key}:{index}:up"].to(ScalarType.Float32),
                    tensors[$"{part.Key}:{index}:down"].to(ScalarType.Float32))).ToList();
            found.Add(new UnnamedPairs(part.Key,
                metadata.GetValueOrDefault(part.Key)?.Contains("ResnetBlock2D", StringComparison.Ordinal) == true
                    || inOrder.Any(pair => pair.Item2.dim() == 4), inOrder));
        }

        return found;
    }

    /// <summary>The pairs of a .pt file, which is a bare list: up and down in turn. Null for another file.</summary>
    /// <param name="tensors">By their numbers, as <see cref="Checkpoints.WeightFile"/> names what has no names.</param>
    internal static UnnamedPairs? OfList(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var names = Enumerable.Range(0, tensors.Count).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToList();
        if (tensors.Count == 0 || tensors.Count % 2 != 0 || !names.All(tensors.ContainsKey)
            || tensors.Values.Any(tensor => tensor.dim() < 2))
            return null;
        var pairs = Enumerable.Range(0, tensors.Count / 2)
            .Select(i => (Up: tensors[names[2 * i]].to(ScalarType.Float32), Down: tensors[names[(2 * i) + 1]].to(ScalarType.Float32)))
            .ToList();
        // Text encoders are square throughout: q, k, v and out of every layer.
        var text = pairs.Count % 4 == 0
            && pairs.All(pair => pair.Up.shape[0] == pair.Down.shape[1] && pair.Up.shape[0] == pairs[0].Up.shape[0]);
        return new UnnamedPairs(text ? "text_encoder" : "unet", pairs.Any(pair => pair.Down.dim() == 4), pairs);
    }

    /// <summary>Gives the pairs the names of a base's layers.</summary>
    /// <param name="modules">The base's layers.</param>
    /// <returns>Null where the base has not as many such layers, or others.</returns>
    internal IReadOnlyList<LoraWeights>? Named(IEnumerable<LoraModule> modules)
    {
        var targets = Extended ? LoraTargets.Extended : LoraTargets.Extension;
        var own = modules.Where(module => module.Path.StartsWith(Part + ".", StringComparison.Ordinal) && targets.Contain(module.Path))
            .ToList();
        foreach (var order in BlockOrders)
        {
            var walked = own.OrderBy(module => Key(module.Path, order), StringComparer.Ordinal).ToList();
            if (walked.Count == Pairs.Count
                && walked.Zip(Pairs).All(pair => pair.First.Weight.shape[0] == pair.Second.Up.shape[0]
                    && pair.First.Weight.shape[1] == pair.Second.Down.shape[1]))
                return [.. walked.Zip(Pairs, (module, pair) => new LoraWeights(module.Name, pair.Down, pair.Up, pair.Down.shape[0]))];
        }

        return null;
    }

    // PyTorch walks in the order of registration: down, up, mid; attentions before resnets; q, k, v, out.
    private static string Key(string path, string[] order)
    {
        var key = path.Replace("down_blocks", "0").Replace("up_blocks", "1").Replace("mid_block", "2").Replace(".attentions.", ".0.")
            .Replace(".resnets.", ".1.")
            .Replace("conv1", "0").Replace("time_emb_proj", "1").Replace("conv2", "2").Replace("conv_shortcut", "3")
            .Replace("to_q", "0").Replace("to_k", "1").Replace("to_v", "2").Replace("to_out", "3")
            .Replace("k_proj", "0").Replace("v_proj", "1").Replace("q_proj", "2").Replace("out_proj", "3");
        for (var i = 0; i < order.Length; i++)
            key = key.Replace(order[i], $"{i}.");
        return Digits().Replace(key, digits => digits.Value.PadLeft(3, '0'));
    }

    [GeneratedRegex(@"^(?<part>unet|text_encoder):(?<index>\d+):(up|down)$")]
    private static partial Regex Name();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}

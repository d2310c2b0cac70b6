using NotebookKit.Lora.Files;

namespace NotebookKit.Lora.Kinds;

/// <summary>Kinds that are known by their tensors' names and not read: they are named, instead of taken for something else.</summary>
internal sealed class UnreadKind : AdapterKind
{
    private static readonly Dictionary<string, string> Kinds = new()
    {
        [".boft_R"] = "BOFT",
        [".boft_s"] = "BOFT",
        [".oft_R.weight"] = "PEFT's OFT",
        [".oft_r"] = "PEFT's OFT",
        [".oft_s"] = "PEFT's OFT",
        [".ia3_l"] = "PEFT's (IA)³",
        [".hra_u"] = "HRA",
        [".vblora_logits_A"] = "VB-LoRA",
        [".vblora_logits_B"] = "VB-LoRA",
        [".lora_lambda"] = "AdaLoRA",
        [".lora_E"] = "AdaLoRA",
        [".fourierft_spectrum"] = "FourierFT",
        [".bone_block"] = "Bone",
        [".randlora_lambda"] = "RandLoRA",
        [".randlora_gamma"] = "RandLoRA",
        [".rescale"] = "OFT with rescaled outputs",
    };

    public override string Name => "a kind that is not read here";

    public override IReadOnlyDictionary<string, string> Endings { get; } =
        Kinds.ToDictionary(kind => kind.Key, kind => kind.Key[1..].Replace(".weight", "", StringComparison.Ordinal));

    public override AdapterWeights? Read(LayerTensors layer)
    {
        var found = Kinds.Where(kind => layer.Has(Endings[kind.Key])).Select(kind => kind.Value).Distinct().ToList();
        return found.Count == 0 ? null : throw layer.Unread(string.Join(", ", found));
    }
}

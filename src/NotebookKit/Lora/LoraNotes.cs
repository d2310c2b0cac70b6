using System.Globalization;
using NotebookKit.Lora.Files;

namespace NotebookKit.Lora;

/// <summary>The <c>ss_</c> notes by which kohya's tools and the web UI know a LoRA's shape.</summary>
internal static class LoraNotes
{
    /// <summary>The notes of a file: older ones, those about its shape, and new ones, which win.</summary>
    public static Dictionary<string, string> Of(IReadOnlyList<AdapterWeights> modules, IReadOnlyDictionary<string, string> older, IReadOnlyDictionary<string, string>? newer)
    {
        var notes = new Dictionary<string, string>(older);
        var loras = modules.OfType<LoraWeights>().ToList();
        if (loras.MaxBy(lora => lora.Rank) is { } largest)
        {
            notes["ss_network_module"] = "networks.lora";
            notes["ss_network_dim"] = Invariant(largest.Rank!.Value);
            notes["ss_network_alpha"] = Invariant(largest.Alpha);
            var arguments = new List<string>();
            if (loras.FirstOrDefault(lora => lora.Down.dim() == 4 && lora.Down.shape[2] > 1) is { } convolution)
                arguments.Add($"\"conv_dim\": \"{convolution.Rank}\", \"conv_alpha\": \"{Invariant(convolution.Alpha)}\"");
            if (loras.FirstOrDefault(lora => lora.Dora is not null)?.Dora is { } dora)
                arguments.Add($"\"dora_wd\": \"True\", \"wd_on_output\": \"{dora.Norm == DoraNorm.PerOutput}\"");
            notes.Remove("ss_network_args");
            if (arguments.Count > 0)
                notes["ss_network_args"] = "{" + string.Join(", ", arguments) + "}";
        }

        foreach (var (key, value) in newer ?? new Dictionary<string, string>())
            notes[key] = value;
        return notes;
    }

    private static string Invariant(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}

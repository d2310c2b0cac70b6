using System.Globalization;
using System.Text;
using System.Text.Json;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Kinds;
using NotebookKit.Models;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>How large a LoRA file will be, to the byte, before anything is trained.</summary>
/// <param name="Modules">Adapted layers.</param>
/// <param name="Parameters">Numbers that are trained; the alphas are not among them.</param>
/// <param name="PayloadBytes">Bytes of all tensors, alphas included.</param>
/// <param name="FileBytes">Bytes of the file, its header included, but without notes (ss_…), which add some hundred to some
/// thousand.</param>
public sealed record LoraSize(int Modules, long Parameters, long PayloadBytes, long FileBytes)
{
    /// <summary>The size for a base in memory.</summary>
    /// <param name="unet">The UNet.</param>
    /// <param name="textEncoder">The text encoder, or null to leave it out.</param>
    /// <param name="options">Rank, alpha and layers.</param>
    /// <param name="dtype">How numbers are stored.</param>
    public static LoraSize Of(UNet2DConditionModel unet, CLIPTextModel? textEncoder, LoraOptions options, ScalarType dtype) =>
        Of(Tensors(unet, textEncoder, options), dtype);

    /// <summary>The size for a base of which only the configurations are at hand.</summary>
    /// <param name="unet">The UNet's configuration.</param>
    /// <param name="textEncoder">The text encoder's, or null to leave it out.</param>
    /// <param name="options">Rank, alpha and layers.</param>
    /// <param name="dtype">How numbers are stored.</param>
    public static LoraSize Of(UNet2DConditionConfig unet, CLIPTextConfig? textEncoder, LoraOptions options, ScalarType dtype) =>
        Of(Tensors(unet, textEncoder, options), dtype);

    /// <summary>The names and shapes of every tensor that a kohya file will hold.</summary>
    /// <inheritdoc cref="Of(UNet2DConditionConfig, CLIPTextConfig, LoraOptions, ScalarType)"/>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors(UNet2DConditionConfig unet, CLIPTextConfig? textEncoder,
        LoraOptions options)
    {
        using var skip = Layers.Uninitialised(); // memory that is never written to is never taken
        using var unetModel = new UNet2DConditionModel(unet);
        using var textModel = textEncoder is null ? null : new CLIPTextModel(textEncoder);
        return Tensors(unetModel, textModel, options);
    }

    /// <summary>The same for models in memory.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors(UNet2DConditionModel unet, CLIPTextModel? textEncoder,
        LoraOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var tensors = TrainedKind.Of(options.Kind).Tensors(options.Choose(LoraModules.Of(unet, textEncoder)), options);
        return [.. tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
    }

    /// <summary>The names and shapes that a file of another format will hold.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors(UNet2DConditionConfig unet, CLIPTextConfig? textEncoder,
        LoraOptions options, LoraFormat format) => format == LoraFormat.Kohya
        ? Tensors(unet, textEncoder, options)
        : [.. Tensors(unet, textEncoder, options).Where(tensor => tensor.Shape.Length > 0)
            .Select(tensor => (LoraWriter.NameOf(tensor.Name, format), tensor.Shape)).OrderBy(tensor => tensor.Item1,
                StringComparer.Ordinal)];

    private static LoraSize Of(IReadOnlyList<(string Name, long[] Shape)> tensors, ScalarType dtype)
    {
        var (name, size) = dtype switch
        {
            ScalarType.Float32 => ("F32", 4),
            ScalarType.Float16 => ("F16", 2),
            ScalarType.BFloat16 => ("BF16", 2),
            _ => throw new BadInputException($"A LoRA is stored as fp32, fp16 or bf16, not as {dtype}."),
        };
        var header = new StringBuilder("{");
        long bytes = 0, parameters = 0;
        var modules = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (tensor, shape) in tensors)
        {
            var count = shape.Aggregate(1L, (product, side) => product * side);
            var end = bytes + (count * size);
            header.Append(header.Length > 1 ? "," : "").Append(CultureInfo.InvariantCulture,
                $"{JsonSerializer.Serialize(tensor)}:{{\"dtype\":\"{name}\","
                + $"\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{bytes},{end}]}}");
            bytes = end;
            if (!tensor.StartsWith("lora_", StringComparison.Ordinal))
                continue; // shared by all layers, and not trained
            modules.Add(tensor[..tensor.IndexOf('.', StringComparison.Ordinal)]);
            parameters += shape.Length == 0 ? 0 : count;
        }

        var length = (header.Append('}').Length + 7) / 8 * 8; // names are ASCII; the header ends at a multiple of 8
        return new LoraSize(modules.Count, parameters, bytes, 8 + length + bytes);
    }
}

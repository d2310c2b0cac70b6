using NotebookKit.Models;
using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// The one place where it is decided what numbers a base computes in: the types and their names, which of them pays where,
/// and TF32. Attention is the fused kind everywhere (<c>scaled_dot_product_attention</c>).
/// </summary>
public static class Precision
{
    /// <summary>The name that leaves the choice to <see cref="Choose(string, UNet2DConditionConfig, Device, string)"/>.</summary>
    public const string Auto = "auto";

    private static readonly (string Name, string Short, ScalarType Type)[] Types =
    [
        ("float32", "fp32", ScalarType.Float32),
        ("bfloat16", "bf16", ScalarType.BFloat16),
        ("float16", "fp16", ScalarType.Float16),
    ];

    /// <summary>
    /// Whether a GPU may multiply float32 numbers with ten bits of fraction (TF32), several times faster. Without a choice
    /// libtorch does so in convolutions and not in other products.
    /// </summary>
    public static bool AllowTF32
    {
        set => (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (value, value);
    }

    /// <summary>The type that a flag or a card names.</summary>
    /// <param name="name">float32, bfloat16, float16, or fp32, bf16, fp16 for short.</param>
    /// <param name="field">What the name was given for.</param>
    /// <exception cref="BadInputException">It is none of them.</exception>
    public static ScalarType TypeOf(string name, string field = "--dtype") => Find(name)?.Type
        ?? throw new BadInputException($"{field} '{name}' is no type; {NearestName.Hint(name, [.. Types.Select(type => type.Name)])}");

    /// <summary>float32, bfloat16 or float16.</summary>
    /// <param name="type">One of these.</param>
    public static string NameOf(ScalarType type) => Types.First(known => known.Type == type).Name;

    /// <summary>What a base is to compute in.</summary>
    /// <param name="name">A type's name, or <see cref="Auto"/>.</param>
    /// <param name="unet">The base's UNet.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="field">What the name was given for.</param>
    /// <exception cref="BadInputException">There is no such type.</exception>
    public static PrecisionChoice Choose(string name, UNet2DConditionConfig unet, Device device, string field = "--dtype") =>
        Choose(name, unet, device, Processor.HasBFloat16, field);

    /// <summary>The same for any processor.</summary>
    internal static PrecisionChoice Choose(string name, UNet2DConditionConfig unet, Device device, bool hasBFloat16,
        string field = "--dtype")
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(unet);
        ArgumentNullException.ThrowIfNull(device);
        if (!name.Equals(Auto, StringComparison.OrdinalIgnoreCase))
        {
            if (Find(name) is not { } given)
                throw new BadInputException(
                    $"{field} '{name}' is no type; {NearestName.Hint(name, [Auto, .. Types.Select(type => type.Name)])}");
            return new(given.Type, unet.IsMiniature && given.Type == ScalarType.Float32 ? null
                : $"computes in {given.Name}, as asked.{Space(Warning(given.Type, device))}");
        }

        if (unet.IsMiniature)
            return new(ScalarType.Float32, null);
        if (device.type != DeviceType.CPU)
            return new(ScalarType.Float32, "computes in float32, as diffusers and kohya's scripts do where nothing else is asked for; "
                + "--dtype bfloat16 takes half the memory and less time.");
        return hasBFloat16
            ? new(ScalarType.BFloat16, "computes in bfloat16, which this processor multiplies itself: about half the time and half the "
                + "memory of --dtype float32.")
            : new(ScalarType.Float32, "computes in float32: this processor does not multiply bfloat16 numbers itself.");
    }

    /// <summary>What will surprise about a type on a device; null for nothing.</summary>
    /// <param name="dtype">What the base computes in.</param>
    /// <param name="device">Where.</param>
    public static string? Warning(ScalarType dtype, Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.type != DeviceType.CPU)
            return null;
        return dtype switch
        {
            ScalarType.Float16 => "float16 on a processor takes about six times as long as float32: take --dtype bfloat16 or float32, or "
                + "a GPU.",
            ScalarType.BFloat16 when !Processor.HasBFloat16 =>
                "This processor does not multiply bfloat16 numbers itself, which makes them slower than float32.",
            _ => null,
        };
    }

    private static (string Name, string Short, ScalarType Type)? Find(string name)
    {
        foreach (var type in Types)
        {
            if (name.Equals(type.Name, StringComparison.OrdinalIgnoreCase) || name.Equals(type.Short, StringComparison.OrdinalIgnoreCase))
                return type;
        }

        return null;
    }

    private static string Space(string? sentence) => sentence is null ? "" : $" {sentence}";
}

/// <summary>What a base computes in.</summary>
/// <param name="Type">The type.</param>
/// <param name="Told">What to tell about it, as a sentence's end; null where nothing else was to be expected.</param>
public sealed record PrecisionChoice(ScalarType Type, string? Told);

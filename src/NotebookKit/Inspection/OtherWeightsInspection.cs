using NotebookKit.Checkpoints;
using NotebookKit.Pipeline.Ldm;

namespace NotebookKit.Inspection;

/// <summary>A report on weights that are no base model by themselves.</summary>
internal static class OtherWeightsInspection
{
    public static FileReport Of(WeightFile file, CheckpointKind kind, IProgress<double>? progress)
    {
        var start = FileInspector.Start(file, kind.InWords(), progress, out _);
        var known = kind is not CheckpointKind.Unknown;
        return start with
        {
            Base = CheckpointKinds.Context(file) switch
            {
                768 => "SD 1.x",
                1024 => "SD 2.x",
                _ => kind == CheckpointKind.StableDiffusionXL ? "SDXL" : null
            },
            KeysMatched = known ? file.Weights.Count : 0,
            KeysUnmatched = known ? [] : [.. file.Weights.Keys],
            Findings = [.. start.Findings, new Finding(What(kind), Remedy(kind))],
        };
    }

    private static string What(CheckpointKind kind) => kind switch
    {
        CheckpointKind.Unknown => "Its names are those of no model that is known here.",
        CheckpointKind.UNet or CheckpointKind.Vae or CheckpointKind.TextEncoder => "It is one network of a model, not a whole one.",
        CheckpointKind.RunState => "It is what a training needs to go on from here, and no result.",
        _ => $"It is {kind.InWords()}, which does not load as a base model.",
    };

    private static string Remedy(CheckpointKind kind) => kind switch
    {
        CheckpointKind.Vae => "Put it beside a checkpoint as NAME.vae.safetensors, or into a model folder's vae/.",
        CheckpointKind.UNet => "Put it into a model folder's unet/.",
        CheckpointKind.TextEncoder => "Put it into a model folder's text_encoder/.",
        CheckpointKind.Inpainting or CheckpointKind.InstructPix2Pix
            or CheckpointKind.OtherConditioned => "Use the plain model that it was made from.",
        CheckpointKind.StableDiffusionXL or CheckpointKind.Transformer => "Use a Stable Diffusion 1.x or 2.x model.",
        CheckpointKind.ControlNet => "It steers a base model in tools that know ControlNet; the kit does not.",
        CheckpointKind.RunState => "Go on with kit train --resume; to draw, take its weights, the file beside it without \".state\".",
        _ => "Check where it came from.",
    };
}

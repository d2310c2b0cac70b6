using NotebookKit.Checkpoints;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>Writes a model as one file in the layout of CompVis and the web UI, <c>.safetensors</c> or <c>.ckpt</c>.</summary>
internal static class LdmWriter
{
    private static readonly string[] Attention = ["q_proj", "k_proj", "v_proj"];

    /// <summary>Writes the file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The target; its ending decides the format.</param>
    /// <param name="dtype">Type to store the weights in.</param>
    public static void Save(StableDiffusion model, string path, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var tensors = Tensors(model, dtype).ToList();
        var metadata = LdmConfigs.ToMetadata(model);
        if (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            Safetensors.Save(path, tensors, new Dictionary<string, string>(metadata) { ["format"] = "pt" });
        else
            TorchFileWriter.Save(path, tensors, metadata);
    }

    /// <summary>Whether a path names a single file to be written, not a folder.</summary>
    public static bool IsFile(string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".safetensors" or ".ckpt";

    /// <summary>Every tensor of the file under its LDM name, in the order of the published files.</summary>
    public static IEnumerable<TensorToSave> Tensors(StableDiffusion model, ScalarType dtype)
    {
        foreach (var table in ScheduleBuffers.Of(model.SchedulerConfig))
            yield return table;
        var unet = LdmUNetNames.Table(model.UNet.Config);
        foreach (var (name, tensor) in model.UNet.state_dict())
            yield return new TensorToSave(LdmPrefixes.UNet + Ldm(unet, name), tensor, dtype);
        var vae = LdmVaeNames.Table(model.Vae.Config);
        foreach (var (name, tensor) in model.Vae.state_dict())
        {
            var convolution = name.Contains(".attentions.", StringComparison.Ordinal) && tensor.shape.Length == 2;
            yield return new TensorToSave(LdmPrefixes.Vae + Ldm(vae, name), tensor,
                dtype)
            { Shape = convolution ? [.. tensor.shape, 1, 1] : tensor.shape };
        }

        var text = model.UNet.Config.UseLinearProjection && model.TextEncoder.Config.HiddenAct == "gelu" ? OpenClip(model.TextEncoder)
            : Clip(model.TextEncoder);
        foreach (var (name, tensor) in text)
            yield return new TensorToSave(name, tensor, tensor.dtype == ScalarType.Int64 ? ScalarType.Int64 : dtype);
    }

    private static string Ldm(ModuleNames names, string name) =>
        names.ToLdm(name) ?? throw new BadInputException(
            $"The model has '{name}', which a single-file checkpoint has no name for; save it as a folder.");

    private static IEnumerable<(string Name, Tensor Tensor)> Clip(CLIPTextModel model)
    {
        yield return ($"{LdmPrefixes.Clip}{LdmPrefixes.TextModel}embeddings.position_ids",
            arange(model.Config.MaxPositionEmbeddings, ScalarType.Int64).view(1, -1));
        foreach (var (name, tensor) in model.state_dict())
            yield return (LdmPrefixes.Clip + name, tensor);
    }

    // OpenCLIP keeps queries, keys and values in one matrix. Its last layer, which Stable Diffusion never runs but readers
    // count on, is written as a copy of the one before.
    private static IEnumerable<(string Name, Tensor Tensor)> OpenClip(CLIPTextModel model)
    {
        var state = model.state_dict();
        yield return ($"{LdmPrefixes.OpenClip}token_embedding.weight", state["text_model.embeddings.token_embedding.weight"]);
        yield return ($"{LdmPrefixes.OpenClip}positional_embedding", state["text_model.embeddings.position_embedding.weight"]);
        var layers = model.Config.NumHiddenLayers;
        foreach (var end in (string[])["weight", "bias"])
        {
            yield return ($"{LdmPrefixes.OpenClip}ln_final.{end}", state[$"text_model.final_layer_norm.{end}"]);
            for (var i = 0; i <= layers; i++)
            {
                var ours = $"text_model.encoder.layers.{Math.Min(i, layers - 1)}.";
                foreach (var (theirs, name) in OpenClipNames.Layer)
                    yield return ($"{LdmPrefixes.OpenClip}transformer.resblocks.{i}.{theirs}.{end}", state[$"{ours}{name}.{end}"]);
                yield return ($"{LdmPrefixes.OpenClip}transformer.resblocks.{i}.attn.in_proj_{end}",
                    cat([.. Attention.Select(part => state[$"{ours}self_attn.{part}.{end}"])]));
            }
        }
    }
}

using NotebookKit.Models;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>
/// The UNet's modules as CompVis' latent-diffusion numbers them (<c>openaimodel.py</c>) and as diffusers names them. What
/// is one flat list of <c>input_blocks</c> there is levels of resnets and attentions here.
/// </summary>
internal static class LdmUNetNames
{
    /// <summary>The table for a UNet of this shape.</summary>
    public static ModuleNames Table(UNet2DConditionConfig config)
    {
        var names = new ModuleNames();
        names.Add("time_embed.0", "time_embedding.linear_1");
        names.Add("time_embed.2", "time_embedding.linear_2");
        names.Add("input_blocks.0.0", "conv_in");
        names.Add("out.0", "conv_norm_out");
        names.Add("out.2", "conv_out");
        var levels = config.BlockOutChannels.Count;
        var block = 1;
        for (var level = 0; level < levels; level++)
        {
            for (var layer = 0; layer < config.LayersPerBlock[level]; layer++, block++)
            {
                Resnet(names, $"input_blocks.{block}.0", $"down_blocks.{level}.resnets.{layer}");
                if (Attends(config.DownBlockTypes[level]))
                    names.Add($"input_blocks.{block}.1", $"down_blocks.{level}.attentions.{layer}");
            }

            if (level < levels - 1)
                names.Add($"input_blocks.{block++}.0.op", $"down_blocks.{level}.downsamplers.0.conv");
        }

        Resnet(names, "middle_block.0", "mid_block.resnets.0");
        names.Add("middle_block.1", "mid_block.attentions.0");
        Resnet(names, "middle_block.2", "mid_block.resnets.1");
        block = 0;
        for (var level = 0; level < levels; level++)
        {
            var (layers, attends) = (config.LayersPerBlock[levels - 1 - level] + 1, Attends(config.UpBlockTypes[level]));
            for (var layer = 0; layer < layers; layer++, block++)
            {
                Resnet(names, $"output_blocks.{block}.0", $"up_blocks.{level}.resnets.{layer}");
                if (attends)
                    names.Add($"output_blocks.{block}.1", $"up_blocks.{level}.attentions.{layer}");
                if (layer == layers - 1 && level < levels - 1)
                    names.Add($"output_blocks.{block}.{(attends ? 2 : 1)}.conv", $"up_blocks.{level}.upsamplers.0.conv");
            }
        }

        return names;
    }

    private static bool Attends(string type) => type.StartsWith("CrossAttn", StringComparison.Ordinal);

    private static void Resnet(ModuleNames names, string ldm, string diffusers)
    {
        foreach (var (theirs, ours) in ((string, string)[])
            [("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"), ("out_layers.0", "norm2"),
                ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut")])
            names.Add($"{ldm}.{theirs}", $"{diffusers}.{ours}");
    }
}

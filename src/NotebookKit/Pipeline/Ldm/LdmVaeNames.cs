using NotebookKit.Models;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>The VAE's modules in latent-diffusion's names (<c>autoencoder.py</c>, <c>diffusionmodules/model.py</c>) and in diffusers'.
/// Their decoder counts its levels from the other end.</summary>
internal static class LdmVaeNames
{
    /// <summary>The table for a VAE of this shape.</summary>
    public static ModuleNames Table(AutoencoderKLConfig config)
    {
        var names = new ModuleNames();
        var levels = config.BlockOutChannels.Count;
        foreach (var half in (string[])["encoder", "decoder"])
        {
            names.Add($"{half}.conv_in", $"{half}.conv_in");
            names.Add($"{half}.conv_out", $"{half}.conv_out");
            names.Add($"{half}.norm_out", $"{half}.conv_norm_out");
            Resnet(names, $"{half}.mid.block_1", $"{half}.mid_block.resnets.0");
            Resnet(names, $"{half}.mid.block_2", $"{half}.mid_block.resnets.1");
            foreach (var (theirs, ours) in ((string, string)[])[("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"),
                ("proj_out", "to_out.0")])
                names.Add($"{half}.mid.attn_1.{theirs}", $"{half}.mid_block.attentions.0.{ours}");
        }

        for (var level = 0; level < levels; level++)
        {
            var mirrored = levels - 1 - level;
            for (var layer = 0; layer <= config.LayersPerBlock; layer++)
            {
                if (layer < config.LayersPerBlock)
                    Resnet(names, $"encoder.down.{level}.block.{layer}", $"encoder.down_blocks.{level}.resnets.{layer}");
                Resnet(names, $"decoder.up.{mirrored}.block.{layer}", $"decoder.up_blocks.{level}.resnets.{layer}");
            }

            names.Add($"encoder.down.{level}.downsample.conv", $"encoder.down_blocks.{level}.downsamplers.0.conv");
            names.Add($"decoder.up.{mirrored}.upsample.conv", $"decoder.up_blocks.{level}.upsamplers.0.conv");
        }

        foreach (var same in (string[])["quant_conv", "post_quant_conv"])
            names.Add(same, same);
        return names;
    }

    private static void Resnet(ModuleNames names, string ldm, string diffusers)
    {
        foreach (var part in (string[])["norm1", "conv1", "norm2", "conv2"])
            names.Add($"{ldm}.{part}", $"{diffusers}.{part}");
        names.Add($"{ldm}.nin_shortcut", $"{diffusers}.conv_shortcut");
    }
}

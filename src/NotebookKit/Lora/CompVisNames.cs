using NotebookKit.Models;

namespace NotebookKit.Lora;

/// <summary>
/// What the UNet's layers are called in the original code (CompVis' latent-diffusion), which some LoRA files follow:
/// <c>down_blocks.0.attentions.1.proj_in</c> is <c>input_blocks.2.1.proj_in</c> there.
/// </summary>
internal sealed class CompVisNames
{
    private static readonly (string Diffusers, string CompVis)[] InResnets =
        [("conv1", "in_layers.2"), ("conv2", "out_layers.3"), ("time_emb_proj", "emb_layers.1"), ("conv_shortcut", "skip_connection")];

    private readonly List<(string Diffusers, string CompVis)> _blocks =
    [
        ("conv_in.", "input_blocks.0.0."), ("conv_out.", "out.2."), ("time_embedding.linear_1.", "time_embed.0."),
        ("time_embedding.linear_2.", "time_embed.2."),
        ("mid_block.resnets.0.", "middle_block.0."), ("mid_block.attentions.0.", "middle_block.1."),
        ("mid_block.resnets.1.", "middle_block.2."),
    ];

    public CompVisNames(UNet2DConditionConfig config)
    {
        var levels = config.BlockOutChannels.Count;
        for (int level = 0, block = 0; level < levels; level++)
        {
            for (var i = 0; i < config.LayersPerBlock[level]; i++)
                Add($"down_blocks.{level}", i, $"input_blocks.{++block}");
            _blocks.Add(($"down_blocks.{level}.downsamplers.0.conv.", $"input_blocks.{++block}.0.op."));
        }

        for (int level = 0, block = 0; level < levels; level++)
        {
            var count = config.LayersPerBlock[levels - 1 - level] + 1;
            for (var i = 0; i < count; i++)
                Add($"up_blocks.{level}", i, $"output_blocks.{block++}");
            var behind = config.UpBlockTypes[level] == "UpBlock2D" ? 1 : 2;
            _blocks.Add(($"up_blocks.{level}.upsamplers.0.conv.", $"output_blocks.{block - 1}.{behind}.conv."));
        }
    }

    /// <summary>The name of a layer of the UNet.</summary>
    /// <param name="path">Its dotted name in diffusers.</param>
    public string Of(string path)
    {
        path += ".";
        foreach (var (diffusers, compVis) in _blocks)
        {
            if (!path.StartsWith(diffusers, StringComparison.Ordinal))
                continue;
            var rest = path[diffusers.Length..].TrimEnd('.');
            if (diffusers.Contains(".resnets.", StringComparison.Ordinal))
                rest = InResnets.FirstOrDefault(part => part.Diffusers == rest).CompVis ?? rest;
            return (compVis + rest).TrimEnd('.');
        }

        return path.TrimEnd('.');
    }

    private void Add(string level, int i, string block)
    {
        _blocks.Add(($"{level}.resnets.{i}.", $"{block}.0."));
        _blocks.Add(($"{level}.attentions.{i}.", $"{block}.1."));
    }
}

using NotebookKit.Models;

namespace NotebookKit.Tests.Pipeline;

/// <summary>
/// Names and shapes that diffusers 0.25 and transformers give the parameters of a model of a configuration, written down
/// from their source and apart from the kit's networks. Shapes as text: "8,4,3,3".
/// </summary>
internal sealed class StockShapes
{
    private readonly Dictionary<string, string> _all = [];

    /// <summary><c>AutoencoderKL</c>.</summary>
    public static IReadOnlyDictionary<string, string> Of(AutoencoderKLConfig config)
    {
        var shapes = new StockShapes();
        var (channels, last) = (config.BlockOutChannels, config.BlockOutChannels.Count - 1);
        foreach (var (half, widths, layers) in new[] { ("encoder", channels, config.LayersPerBlock),
            ("decoder", [.. channels.Reverse()], config.LayersPerBlock + 1) })
        {
            var (block, sampler) = half == "encoder" ? ("down_blocks", "downsamplers") : ("up_blocks", "upsamplers");
            shapes.Conv($"{half}.conv_in", half == "encoder" ? config.InChannels : config.LatentChannels, widths[0], 3);
            for (var i = 0; i <= last; i++)
            {
                for (var j = 0; j < layers; j++)
                    shapes.Resnet($"{half}.{block}.{i}.resnets.{j}", j > 0 ? widths[i] : widths[Math.Max(0, i - 1)], widths[i], null);
                if (i < last)
                    shapes.Conv($"{half}.{block}.{i}.{sampler}.0.conv", widths[i], widths[i], 3);
            }

            for (var j = 0; j < 2; j++)
                shapes.Resnet($"{half}.mid_block.resnets.{j}", channels[^1], channels[^1], null);
            shapes.Norm($"{half}.mid_block.attentions.0.group_norm", channels[^1]);
            foreach (var part in new[] { "to_q", "to_k", "to_v", "to_out.0" })
                shapes.Linear($"{half}.mid_block.attentions.0.{part}", channels[^1], channels[^1]);
            shapes.Norm($"{half}.conv_norm_out", widths[^1]);
            shapes.Conv($"{half}.conv_out", widths[^1], half == "encoder" ? 2 * config.LatentChannels : config.OutChannels, 3);
        }

        shapes.Conv("quant_conv", 2 * config.LatentChannels, 2 * config.LatentChannels, 1);
        shapes.Conv("post_quant_conv", config.LatentChannels, config.LatentChannels, 1);
        return shapes._all;
    }

    /// <summary><c>UNet2DConditionModel</c> of the 1.x kind: convolutions as projections, one transformer layer.</summary>
    public static IReadOnlyDictionary<string, string> Of(UNet2DConditionConfig config, int layers)
    {
        var shapes = new StockShapes();
        int[] down = [.. config.BlockOutChannels], up = [.. config.BlockOutChannels.Reverse()];
        var (time, context, last) = (4 * down[0], config.CrossAttentionDim, down.Length - 1);
        shapes.Conv("conv_in", config.InChannels, down[0], 3);
        shapes.Linear("time_embedding.linear_1", down[0], time);
        shapes.Linear("time_embedding.linear_2", time, time);
        for (var i = 0; i <= last; i++)
        {
            for (var j = 0; j < layers; j++)
            {
                shapes.Resnet($"down_blocks.{i}.resnets.{j}", j > 0 ? down[i] : down[Math.Max(0, i - 1)], down[i], time);
                if (config.DownBlockTypes[i] == "CrossAttnDownBlock2D")
                    shapes.Transformer($"down_blocks.{i}.attentions.{j}", down[i], context);
            }

            for (var j = 0; j <= layers; j++)
            {
                var (before, skip) = (j > 0 ? up[i] : up[Math.Max(0, i - 1)], j < layers ? up[i] : up[Math.Min(i + 1, last)]);
                shapes.Resnet($"up_blocks.{i}.resnets.{j}", before + skip, up[i], time);
                if (config.UpBlockTypes[i] == "CrossAttnUpBlock2D")
                    shapes.Transformer($"up_blocks.{i}.attentions.{j}", up[i], context);
            }

            if (i == last)
                continue;
            shapes.Conv($"down_blocks.{i}.downsamplers.0.conv", down[i], down[i], 3);
            shapes.Conv($"up_blocks.{i}.upsamplers.0.conv", up[i], up[i], 3);
        }

        for (var j = 0; j < 2; j++)
            shapes.Resnet($"mid_block.resnets.{j}", down[^1], down[^1], time);
        shapes.Transformer("mid_block.attentions.0", down[^1], context);
        shapes.Norm("conv_norm_out", down[0]);
        shapes.Conv("conv_out", down[0], config.OutChannels, 3);
        return shapes._all;
    }

    /// <summary><c>CLIPTextModel</c>.</summary>
    public static IReadOnlyDictionary<string, string> Of(CLIPTextConfig config)
    {
        var shapes = new StockShapes();
        var (width, inner) = (config.HiddenSize, config.IntermediateSize);
        shapes._all["text_model.embeddings.token_embedding.weight"] = $"{config.VocabSize},{width}";
        shapes._all["text_model.embeddings.position_embedding.weight"] = $"{config.MaxPositionEmbeddings},{width}";
        for (var i = 0; i < config.NumHiddenLayers; i++)
        {
            var layer = $"text_model.encoder.layers.{i}";
            foreach (var part in new[] { "q_proj", "k_proj", "v_proj", "out_proj" })
                shapes.Linear($"{layer}.self_attn.{part}", width, width);
            shapes.Linear($"{layer}.mlp.fc1", width, inner);
            shapes.Linear($"{layer}.mlp.fc2", inner, width);
            shapes.Norm($"{layer}.layer_norm1", width);
            shapes.Norm($"{layer}.layer_norm2", width);
        }

        shapes.Norm("text_model.final_layer_norm", width);
        return shapes._all;
    }

    private void Resnet(string name, int from, int to, int? time)
    {
        Norm($"{name}.norm1", from);
        Conv($"{name}.conv1", from, to, 3);
        if (time is { } width)
            Linear($"{name}.time_emb_proj", width, to);
        Norm($"{name}.norm2", to);
        Conv($"{name}.conv2", to, to, 3);
        if (from != to)
            Conv($"{name}.conv_shortcut", from, to, 1);
    }

    private void Transformer(string name, int width, int context)
    {
        var block = $"{name}.transformer_blocks.0";
        Norm($"{name}.norm", width);
        Conv($"{name}.proj_in", width, width, 1);
        Conv($"{name}.proj_out", width, width, 1);
        foreach (var (attention, from) in new[] { ("attn1", width), ("attn2", context) })
        {
            _all[$"{block}.{attention}.to_q.weight"] = $"{width},{width}";
            _all[$"{block}.{attention}.to_k.weight"] = _all[$"{block}.{attention}.to_v.weight"] = $"{width},{from}";
            Linear($"{block}.{attention}.to_out.0", width, width);
        }

        for (var i = 1; i <= 3; i++)
            Norm($"{block}.norm{i}", width);
        Linear($"{block}.ff.net.0.proj", width, 8 * width);
        Linear($"{block}.ff.net.2", 4 * width, width);
    }

    private void Conv(string name, int from, int to, int kernel) => Put(name, $"{to},{from},{kernel},{kernel}", to);

    private void Linear(string name, int from, int to) => Put(name, $"{to},{from}", to);

    private void Norm(string name, int width) => Put(name, $"{width}", width);

    private void Put(string name, string weight, int bias)
    {
        _all[$"{name}.weight"] = weight;
        _all[$"{name}.bias"] = $"{bias}";
    }
}

using NotebookKit.Models;

namespace NotebookKit.Training.Memory;

/// <summary>The UNet's way through <see cref="MemoryTape"/>: block by block what <see cref="UNet2DConditionModel"/> does.</summary>
/// <param name="layers">The layers.</param>
/// <param name="config">The UNet's shape.</param>
/// <param name="checkpointing">Whether blocks keep only their inputs for backward.</param>
internal sealed class CountedUNet(CountedLayers layers, UNet2DConditionConfig config, bool checkpointing)
{
    private readonly MemoryTape _tape = layers.Tape;
    private long _batch;

    /// <summary>Predicts the noise.</summary>
    /// <param name="sample">(B, 4, h, w).</param>
    /// <param name="context">(B, 77, D).</param>
    /// <param name="batch">B.</param>
    public Counted Call(Counted sample, Counted context, long batch) => _tape.Scope(() =>
    {
        _batch = batch;
        _tape.Part = MemoryPart.OtherLayers;
        var channels = config.BlockOutChannels;
        var last = channels.Count - 1;
        var time = layers.Linear("unet.time_embedding.linear_1", layers.Input(batch * channels[0]), channels[0], config.TimeWidth);
        time = layers.Activation(layers.Linear("unet.time_embedding.linear_2", layers.Activation(time), config.TimeWidth,
            config.TimeWidth));

        var hidden = layers.Conv("unet.conv_in", sample, config.InChannels, channels[0]);
        var skips = new Stack<Counted>([hidden]);
        for (var level = 0; level <= last; level++)
        {
            var (path, width) = ($"unet.down_blocks.{level}", channels[level]);
            for (var i = 0; i < config.LayersPerBlock[level]; i++)
            {
                var residual = Resnet($"{path}.resnets.{i}", hidden, time, i == 0 ? channels[Math.Max(level - 1, 0)] : width, width);
                hidden = Attends(config.DownBlockTypes[level]) ? Transformer($"{path}.attentions.{i}", residual, context, width, level)
                    : residual;
                if (hidden != residual)
                    _tape.Free(residual);
                skips.Push(hidden);
            }

            if (level < last)
                skips.Push(hidden = layers.Conv($"{path}.downsamplers.0.conv", hidden, width, width, stride: 2));
        }

        hidden = _tape.Scope(() =>
        {
            var inside = Resnet("unet.mid_block.resnets.0", hidden, time, channels[last], channels[last]);
            inside = Transformer("unet.mid_block.attentions.0", inside, context, channels[last], last);
            return Resnet("unet.mid_block.resnets.1", inside, time, channels[last], channels[last]);
        });
        for (var i = 0; i <= last; i++)
            hidden = UpBlock(i, hidden, skips, time, context);

        hidden = layers.FreshActivation(layers.Norm("unet.conv_norm_out", hidden, batch * config.NormNumGroups));
        return layers.Conv("unet.conv_out", hidden, channels[0], config.OutChannels);
    });

    private Counted UpBlock(int block, Counted hidden, Stack<Counted> skips, Counted time, Counted context) => _tape.Scope(() =>
    {
        var channels = config.BlockOutChannels;
        var last = channels.Count - 1;
        var (path, level, count) = ($"unet.up_blocks.{block}", last - block, config.LayersPerBlock[last - block] + 1);
        var (below, width, lastSkip) = (channels[Math.Min(level + 1, last)], channels[level], channels[Math.Max(level - 1, 0)]);
        for (var i = 0; i < count; i++)
        {
            var skip = skips.Pop();
            var joined = _tape.Apply([hidden, skip], hidden.Count + skip.Count, layers.Size, []);
            _tape.Free(skip);
            var residual = Resnet($"{path}.resnets.{i}", joined, time, (i == 0 ? below : width) + (i == count - 1 ? lastSkip : width),
                width);
            _tape.Free(joined);
            hidden = Attends(config.UpBlockTypes[block]) ? Transformer($"{path}.attentions.{i}", residual, context, width, level)
                : residual;
            if (hidden != residual)
                _tape.Free(residual);
        }

        if (block == last)
            return hidden;
        var enlarged = _tape.Apply([hidden], 4 * hidden.Count, layers.Size, []);
        hidden = layers.Conv($"{path}.upsamplers.0.conv", enlarged, width, width);
        _tape.Free(enlarged);
        return hidden;
    });

    private static bool Attends(string blockType) => blockType.StartsWith("CrossAttn", StringComparison.Ordinal);

    private Counted Resnet(string path, Counted input, Counted time, long inChannels, long outChannels) => Block(
        () => layers.Resnet(path, input, time, inChannels, outChannels, config.TimeWidth, _batch * config.NormNumGroups), input, time);

    private Counted Transformer(string path, Counted input, Counted context, long width, int level) => Block(
        () => _tape.Scope(() =>
        {
            _tape.Part = MemoryPart.OtherLayers;
            // Where projections are linear the picture becomes tokens before them, else after.
            var hidden = layers.Norm($"{path}.norm", input, _batch * config.NormNumGroups);
            hidden = config.UseLinearProjection
                ? layers.Linear($"{path}.proj_in", layers.Copy(hidden), width, width)
                : layers.Copy(layers.Conv($"{path}.proj_in", hidden, width, width, kernel: 1));
            for (var i = 0; i < config.TransformerLayersPerBlock[level]; i++)
                hidden = TransformerBlock($"{path}.transformer_blocks.{i}", hidden, context, width, config.HeadsAt(level));
            _tape.Part = MemoryPart.OtherLayers;
            hidden = config.UseLinearProjection
                ? layers.Copy(layers.Linear($"{path}.proj_out", hidden, width, width))
                : layers.Conv($"{path}.proj_out", layers.Copy(hidden), width, width, kernel: 1);
            return _tape.Sum(input, hidden);
        }),
        input, context);

    private Counted TransformerBlock(string path, Counted input, Counted context, long width, long heads) => _tape.Scope(() =>
    {
        var tokens = input.Count / width;
        var normed = layers.Norm($"{path}.norm1", input, tokens);
        var hidden = layers.FreshSum(Attention($"{path}.attn1", normed, normed, width, width, heads), input);
        hidden = layers.FreshSum(Attention($"{path}.attn2", layers.Norm($"{path}.norm2", hidden, tokens), context, width,
            config.CrossAttentionDim, heads), hidden);
        return layers.FreshSum(FeedForward($"{path}.ff", layers.Norm($"{path}.norm3", hidden, tokens), width), hidden);
    });

    private Counted Attention(string path, Counted hidden, Counted context, long width, long contextWidth, long heads) => _tape.Scope(() =>
    {
        _tape.Part = MemoryPart.Attention;
        var q = layers.Linear($"{path}.to_q", hidden, width, width);
        var k = layers.Linear($"{path}.to_k", context, contextWidth, width);
        var v = layers.Linear($"{path}.to_v", context, contextWidth, width);
        return layers.Linear($"{path}.to_out.0", layers.Attend(q, k, v, _batch, width, heads), width, width);
    });

    // The gate's two halves are views of one tensor, which the product and GELU keep.
    private Counted FeedForward(string path, Counted hidden, long width)
    {
        _tape.Part = MemoryPart.FeedForward;
        var wide = _tape.Scope(() =>
        {
            var both = layers.Linear($"{path}.net.0.proj", hidden, width, 8 * width);
            var gate = _tape.Apply([both], both.Count / 2, layers.Size, [both]);
            return _tape.Recording ? _tape.Apply([both, gate], gate.Count, layers.Size, [both, gate]) : gate;
        });
        var result = layers.Linear($"{path}.net.2", wide, 4 * width, width);
        _tape.Free(wide);
        return result;
    }

    private Counted Block(Func<Counted> body, params Counted[] inputs) => checkpointing ? _tape.Checkpoint(body, inputs) : body();
}

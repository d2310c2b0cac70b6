using NotebookKit.Models;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>
/// Reads the shapes of the networks off a single-file checkpoint, which has no configuration: everything but the number
/// of heads and of norm groups shows in the tensors, and those two are the same in every Stable Diffusion.
/// </summary>
/// <param name="path">The file, for sentences.</param>
/// <param name="shape">The shape of a tensor; null where the file has none of that name.</param>
internal sealed class LdmShapes(string path, Func<string, IReadOnlyList<long>?> shape)
{
    /// <summary>The file, for sentences.</summary>
    public string Path => path;

    private const int HeadWidth = 64, Sd1Heads = 8, NormGroups = 32;

    /// <summary>The UNet's configuration from its LDM tensors.</summary>
    public UNet2DConditionConfig UNet()
    {
        var stem = Shape($"{LdmPrefixes.UNet}input_blocks.0.0.weight", 4);
        var (channels, layers, attends) = (new List<int>(), new List<int>(), new List<bool>());
        var layer = 0;
        var (linear, depth, context) = (false, 1, 0);
        for (var block = 1; ; block++)
        {
            var name = $"{LdmPrefixes.UNet}input_blocks.{block}.";
            if (shape($"{name}0.in_layers.2.weight") is { Count: > 0 } resnet)
            {
                if (layer++ == 0)
                {
                    channels.Add((int)resnet[0]);
                    attends.Add(false);
                    layers.Add(0);
                }

                layers[^1] = layer;
                if (shape($"{name}1.proj_in.weight") is not { } projection)
                    continue;
                attends[^1] = true;
                linear = projection.Count == 2;
                context = (int)Shape($"{name}1.transformer_blocks.0.attn2.to_k.weight", 2)[1];
                while (shape($"{name}1.transformer_blocks.{depth}.attn2.to_k.weight") is not null)
                    depth++;
            }
            else if (shape($"{name}0.op.weight") is not null)
                layer = 0;
            else
                break;
        }

        if (channels.Count == 0 || context == 0)
            throw new BadInputException($"{path} holds a UNet without the blocks of Stable Diffusion; it is of another kind, which does "
                + "not load.");
        return new UNet2DConditionConfig
        {
            SampleSize = 64,
            InChannels = (int)stem[1],
            OutChannels = (int)Shape($"{LdmPrefixes.UNet}out.2.weight", 4)[0],
            BlockOutChannels = channels,
            LayersPerBlock = layers.Distinct().Count() == 1 ? layers[0] : PerLevel.Create([.. layers]),
            DownBlockTypes = [.. attends.Select(cross => cross ? "CrossAttnDownBlock2D" : "DownBlock2D")],
            UpBlockTypes = [.. attends.AsEnumerable().Reverse().Select(cross => cross ? "CrossAttnUpBlock2D" : "UpBlock2D")],
            CrossAttentionDim = context,
            UseLinearProjection = linear,
            TransformerLayersPerBlock = depth,
            AttentionHeadDim = linear ? PerLevel.Create([.. channels.Select(width => Math.Max(1, width / HeadWidth))]) : Sd1Heads,
            NormNumGroups = NormGroups,
        };
    }

    /// <summary>The VAE's configuration from its LDM tensors.</summary>
    /// <param name="prefix">What stands before its names.</param>
    public AutoencoderKLConfig Vae(string prefix)
    {
        var channels = new List<int>();
        while (shape($"{prefix}encoder.down.{channels.Count}.block.0.conv1.weight") is { Count: > 0 } first)
            channels.Add((int)first[0]);
        if (channels.Count == 0)
            throw new BadInputException($"{path} holds a VAE without the blocks of Stable Diffusion's; it is of another kind, which does "
                + "not load.");
        var layers = 1;
        while (shape($"{prefix}encoder.down.0.block.{layers}.conv1.weight") is not null)
            layers++;
        return new AutoencoderKLConfig
        {
            InChannels = (int)Shape($"{prefix}encoder.conv_in.weight", 4)[1],
            OutChannels = (int)Shape($"{prefix}decoder.conv_out.weight", 4)[0],
            LatentChannels = (int)Shape($"{prefix}decoder.conv_in.weight", 4)[1],
            BlockOutChannels = channels,
            LayersPerBlock = layers,
            DownBlockTypes = [.. channels.Select(_ => "DownEncoderBlock2D")],
            UpBlockTypes = [.. channels.Select(_ => "UpDecoderBlock2D")],
            NormNumGroups = NormGroups,
            SampleSize = 512,
        };
    }

    /// <summary>The configuration of SD 1.x's text encoder.</summary>
    /// <param name="prefix">What stands before <c>embeddings</c> and <c>encoder</c>.</param>
    public CLIPTextConfig Clip(string prefix)
    {
        var tokens = Shape($"{prefix}embeddings.token_embedding.weight", 2);
        var layers = 0;
        while (shape($"{prefix}encoder.layers.{layers}.mlp.fc1.weight") is not null)
            layers++;
        return new CLIPTextConfig
        {
            VocabSize = (int)tokens[0],
            HiddenSize = (int)tokens[1],
            IntermediateSize = (int)Shape($"{prefix}encoder.layers.0.mlp.fc1.weight", 2)[0],
            NumHiddenLayers = layers,
            NumAttentionHeads = Math.Max(1, (int)tokens[1] / HeadWidth),
            MaxPositionEmbeddings = (int)Shape($"{prefix}embeddings.position_embedding.weight", 2)[0],
            EosTokenId = 2,
            BosTokenId = 0,
        };
    }

    /// <summary>The configuration of SD 2.x's text encoder, whose last layer is left out as in its training.</summary>
    public CLIPTextConfig OpenClip()
    {
        var tokens = Shape($"{LdmPrefixes.OpenClip}token_embedding.weight", 2);
        var layers = 0;
        while (shape($"{LdmPrefixes.OpenClip}transformer.resblocks.{layers}.mlp.c_fc.weight") is not null)
            layers++;
        // Of its 24 layers the last is not used; files that were written from diffusers' form have only the other 23.
        var used = (tokens[1], layers) is (1024, 23) ? layers : Math.Max(1, layers - 1);
        return new CLIPTextConfig
        {
            VocabSize = (int)tokens[0],
            HiddenSize = (int)tokens[1],
            IntermediateSize = (int)Shape($"{LdmPrefixes.OpenClip}transformer.resblocks.0.mlp.c_fc.weight", 2)[0],
            NumHiddenLayers = used,
            NumAttentionHeads = Math.Max(1, (int)tokens[1] / HeadWidth),
            MaxPositionEmbeddings = (int)Shape($"{LdmPrefixes.OpenClip}positional_embedding", 2)[0],
            HiddenAct = "gelu",
            EosTokenId = 2,
            BosTokenId = 0,
        };
    }

    private IReadOnlyList<long> Shape(string name, int rank) =>
        shape(name) is { } found && found.Count == rank && found.All(size => size is > 0 and < 1 << 24)
            ? found
            : throw new BadInputException(
                $"{path} lacks '{name}' in the shape that Stable Diffusion has it; the file is incomplete or of another kind.");
}

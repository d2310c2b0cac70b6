using NotebookKit.Models;
using NotebookKit.Text;

namespace NotebookKit.Training.Memory;

/// <summary>The text encoder's way through <see cref="MemoryTape"/>: layer by layer what <see cref="CLIPTextModel"/> does.</summary>
/// <param name="layers">The layers.</param>
/// <param name="config">The text encoder's shape.</param>
/// <param name="checkpointing">Whether layers keep only their inputs for backward.</param>
internal sealed class CountedTextEncoder(CountedLayers layers, CLIPTextConfig config, bool checkpointing)
{
    private readonly MemoryTape _tape = layers.Tape;

    /// <summary>Encodes prompts: (B, 77, D).</summary>
    /// <param name="prompts">B.</param>
    /// <param name="word">Whether a word's vectors learn beside the table.</param>
    public Counted Call(long prompts, bool word) => _tape.Scope(() =>
    {
        _tape.Part = MemoryPart.TextEncoderLayers;
        var (tokens, width) = (prompts * ClipTokenizer.ModelMaxLength, config.HiddenSize);
        // A row for each token; the gradient of a table that learns is a table.
        var table = layers.Tape.Apply([], tokens * width, layers.Size, [], new OperationWork
        {
            Learns = layers.Learns("text_encoder.text_model.embeddings.token_embedding"),
            Backward = layers.Learns("text_encoder.text_model.embeddings.token_embedding") ? (long)config.VocabSize * width * layers.Size
                : 0,
        });
        if (word)
            table = _tape.Apply([], tokens * width, layers.Size, [], new OperationWork { Learns = true });
        var mask = layers.Input((long)ClipTokenizer.ModelMaxLength * ClipTokenizer.ModelMaxLength);
        var hidden = _tape.Sum(table, layers.Input(ClipTokenizer.ModelMaxLength * width));
        for (var i = 0; i < config.NumHiddenLayers; i++)
        {
            var (path, input) = ($"text_encoder.text_model.encoder.layers.{i}", hidden);
            hidden = checkpointing ? _tape.Checkpoint(() => Layer(path, input, prompts), input, mask) : Layer(path, input, prompts);
        }

        return layers.Norm("text_encoder.text_model.final_layer_norm", hidden, tokens);
    });

    private Counted Layer(string path, Counted input, long prompts) => _tape.Scope(() =>
    {
        _tape.Part = MemoryPart.TextEncoderLayers;
        var (width, wide, tokens) = (config.HiddenSize, config.IntermediateSize, input.Count / config.HiddenSize);
        var normed = layers.Norm($"{path}.layer_norm1", input, tokens);
        var hidden = _tape.Sum(input, _tape.Scope(() =>
        {
            var q = layers.Linear($"{path}.self_attn.q_proj", normed, width, width);
            var k = layers.Linear($"{path}.self_attn.k_proj", normed, width, width);
            var v = layers.Linear($"{path}.self_attn.v_proj", normed, width, width);
            return layers.Linear($"{path}.self_attn.out_proj", layers.Attend(q, k, v, prompts, width, config.NumAttentionHeads), width,
                width);
        }));
        normed = layers.Norm($"{path}.layer_norm2", hidden, tokens);
        return _tape.Sum(hidden, _tape.Scope(() =>
        {
            var inner = layers.Linear($"{path}.mlp.fc1", normed, width, wide);
            // x·σ(1.702x): the sigmoid keeps its result, the product both its factors.
            var activated = config.HiddenAct == "quick_gelu" ? layers.Product(inner, layers.Sigmoid(layers.Scaled(inner)))
                : layers.Activation(inner);
            return layers.Linear($"{path}.mlp.fc2", activated, wide, width);
        }));
    });
}

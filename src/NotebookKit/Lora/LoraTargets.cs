namespace NotebookKit.Lora;

/// <summary>Which layers get an adapter. The sets grow from first to last.</summary>
public enum LoraTargets
{
    /// <summary>
    /// The projections of every attention: to_q, to_k, to_v, to_out.0, and the text encoder's q, k, v and out. 128
    /// layers of SD 1.5's UNet; what diffusers' LoRA trainer adapts.
    /// </summary>
    Attention,

    /// <summary>
    /// Everything linear in the transformers: attention, feed-forward, proj_in and proj_out, and the text encoder's MLP.
    /// 192 layers of SD 1.5's UNet and 72 of its text encoder; kohya's default, which most public LoRA files have.
    /// </summary>
    Kohya,

    /// <summary>
    /// <see cref="Kohya"/> and the convolutions of residual blocks and samplers: 278 layers of SD 1.5's UNet. Known as
    /// LoCon, and close to the web UI's "LoRA Extended".
    /// </summary>
    Extended,
}

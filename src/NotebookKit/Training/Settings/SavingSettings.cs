using static TorchSharp.torch;

namespace NotebookKit.Training.Settings;

/// <summary>What is written, where, and when.</summary>
public sealed record SavingSettings
{
    /// <summary>Write a checkpoint every so many epochs; 0 writes one only at the end.</summary>
    [Setting("--save-every", "write a checkpoint every so many epochs (0: only at the end)", Name = "save_every", Min = 0,
        Unit = "epochs", MayChange = true)]
    public int Every { get; init; }

    /// <summary>How many checkpoints are kept, the newest; 0 keeps all.</summary>
    [Setting("--keep-last", "checkpoints to keep, 0 for all", Min = 0, MayChange = true)]
    public int KeepLast { get; init; } = 2;

    /// <summary>Goes on from the newest checkpoint of the same output, of a finished run too; refused where there is none.</summary>
    [Setting("--resume", "go on from the newest checkpoint of this output", MayChange = true)]
    public bool Resume { get; init; }

    /// <summary>Half (the usual) or full precision for the saved weights.</summary>
    [Setting("--save-as", "float16, bfloat16 or float32 for the saved weights", Name = "save_as", MayChange = true)]
    public ScalarType As { get; init; } = ScalarType.Float16;

    /// <summary>
    /// LoRA and textual inversion: the .safetensors to write. Else the folder, or one file for the web UI where it ends in
    /// .safetensors or .ckpt. Null: <c>loras/NAME.safetensors</c>,
    /// <c>embeddings/NAME.safetensors</c> or <c>models/NAME</c>, NAME being the instance folder's.
    /// </summary>
    [Setting("--out", "the .safetensors; of a full fine-tune the folder, or a .safetensors or .ckpt for the web UI", Name = "output",
        Otherwise = "loras/NAME.safetensors, models/NAME", MayChange = true)]
    public string? Output { get; init; }
}

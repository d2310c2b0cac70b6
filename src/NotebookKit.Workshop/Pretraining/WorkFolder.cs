using System.Text.Json;
using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// The unfinished work of a run: one checkpoint per stage and <c>state.json</c> with what is finished. Everything is
/// written to a temporary name and renamed, so a kill at any moment leaves the last whole state.
/// </summary>
internal sealed class WorkFolder
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower
    };
    private readonly string _folder;

    /// <summary>Opens the folder of a run.</summary>
    /// <exception cref="BadInputException">It holds work and <c>Resume</c> was not asked for, or work of another preset, seed or number of
    /// pictures.</exception>
    public WorkFolder(PretrainOptions options)
    {
        _folder = options.WorkFolder;
        var state = PathOf("state.json");
        if (!File.Exists(state))
        {
            Directory.CreateDirectory(_folder);
            State = new PretrainState { Preset = options.Preset.Name, Seed = options.Seed };
            return;
        }
        if (!options.Resume)
            throw new BadInputException($"{_folder} holds an unfinished run; add --resume to go on with it, or remove it.");
        State = JsonSerializer.Deserialize<PretrainState>(File.ReadAllText(state), Json)
            ?? throw new BadInputException($"{state} is empty.");
        if (State.Preset != options.Preset.Name || State.Seed != options.Seed)
            throw new BadInputException($"{_folder} holds a run of preset {State.Preset} and seed {State.Seed}; give those, or another "
                + "folder.");
    }

    /// <summary>What is finished.</summary>
    public PretrainState State { get; private set; }

    /// <summary>A file of the folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Changes the state and writes it.</summary>
    public void Update(Func<PretrainState, PretrainState> change)
    {
        State = change(State);
        AtomicFile.WriteText(PathOf("state.json"), JsonSerializer.Serialize(State, Json));
    }

    /// <summary>Writes tensors to a file of the folder.</summary>
    public void Save(string name, IEnumerable<KeyValuePair<string, Tensor>> tensors) => Safetensors.Save(PathOf(name), tensors);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public Dictionary<string, Tensor> Load(string name) => Safetensors.Load(PathOf(name));
}

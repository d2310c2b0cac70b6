using NotebookKit.Checkpoints;
using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>Moves weights between files and modules, by name, and refuses what does not fit.</summary>
public static class PretrainedWeights
{
    // How the VAE's attention was called before diffusers 0.15; SD 1.5's published files still say so.
    private static readonly (string Old, string New)[] OldNames =
        [(".query.", ".to_q."), (".key.", ".to_k."), (".value.", ".to_v."), (".proj_attn.", ".to_out.0.")];

    /// <summary>Makes a module and fills it with a folder's weights.</summary>
    /// <exception cref="BadInputException">The file is missing, malformed, or does not fit the module.</exception>
    internal static T Load<T>(Func<T> make, string folder, string fileName, ScalarType dtype, Device? device,
        string? variant = null) where T : Module
    {
        using var file = WeightFolder.Open(folder, fileName, variant);
        return Load(make, file, dtype, device);
    }

    /// <summary>Makes a module and fills it with the weights of an open file.</summary>
    /// <exception cref="BadInputException">The file is malformed, or does not fit the module.</exception>
    internal static T Load<T>(Func<T> make, WeightFile file, ScalarType dtype, Device? device) where T : Module
    {
        using var pages = LargePages.Pause();
        using var skip = Layers.Uninitialised(device, dtype); // in place and type at once: float32 copies would double the peak
        var module = make();
        try
        {
            module.to(dtype);
            if (device is not null)
                module.to(device);
            Fill(module, file);
            return module;
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }

    /// <summary>Copies a file's tensors into a module's parameters and buffers; type and device stay the module's.</summary>
    /// <param name="module">What is filled.</param>
    /// <param name="path">A <c>.safetensors</c> or PyTorch file with the module's state-dict names.</param>
    /// <exception cref="BadInputException">A tensor is missing, too many, or has another shape.</exception>
    public static void Fill(Module module, string path)
    {
        using var file = WeightFile.Open(path);
        Fill(module, file);
    }

    /// <summary>Copies the tensors of an open file into a module's parameters and buffers, as <see cref="Fill(Module, string)"/>
    /// does.</summary>
    internal static void Fill(Module module, WeightFile file)
    {
        var path = file.Path;
        var missing = module.state_dict();
        foreach (var (fileName, entry) in file.Weights)
        {
            // Older transformers wrote this counter into the file; it holds 0 to 76 and nothing learnt.
            if (fileName.EndsWith(".position_ids", StringComparison.Ordinal))
                continue;
            var name = NewName(fileName);
            if (!missing.Remove(name, out var target))
                throw new BadInputException($"{path} holds '{fileName}', which the model that its config.json describes does not have; "
                    + "the two files do not belong together.");
            if (!Fits(target.shape, entry.Shape))
                throw new BadInputException($"{path} holds '{fileName}' with the shape [{string.Join(", ", entry.Shape)}], but "
                    + $"config.json asks for [{string.Join(", ", target.shape)}]; the two files do not belong together.");
            file.ReadInto(fileName, target);
        }

        if (missing.Count > 0)
            throw new BadInputException($"{path} lacks "
                + $"'{missing.Keys.First()}'{(missing.Count > 1 ? $" and {missing.Count - 1} more" : "")}, which the model that its "
                + "config.json describes needs; download the model again.");
    }

    /// <summary>Writes a module's parameters and buffers.</summary>
    /// <param name="module">What is written.</param>
    /// <param name="path">The target.</param>
    /// <param name="dtype">Type to store.</param>
    public static void Save(Module module, string path, ScalarType dtype)
    {
        Safetensors.Save(path, module.state_dict().Select(pair => new TensorToSave(pair.Key, pair.Value, dtype)),
            new Dictionary<string, string> { ["format"] = "pt" });
    }

    internal static string NewName(string name)
    {
        if (name.Contains(".attentions.", StringComparison.Ordinal))
        {
            foreach (var (old, current) in OldNames)
                name = name.Replace(old, current, StringComparison.Ordinal);
        }

        return name;
    }

    // A linear layer's weight may come as a 1×1 convolution's, as in single-file VAE checkpoints: [c, c, 1, 1] for [c, c].
    private static bool Fits(long[] wanted, IReadOnlyList<long> given) =>
        given.Count >= wanted.Length && given.Take(wanted.Length).SequenceEqual(wanted) && given.Skip(wanted.Length).All(size => size == 1);
}

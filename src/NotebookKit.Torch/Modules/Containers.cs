using System.Collections;
using System.Globalization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>Modules one after the other.</summary>
public sealed class Sequential : Module<Tensor, Tensor>, IReadOnlyList<Module<Tensor, Tensor>>
{
    private readonly List<Module<Tensor, Tensor>> items = [];

    internal Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules) : base(nameof(Sequential))
    {
        foreach (var (key, module) in modules)
            append(key, module);
    }

    /// <summary>How many modules there are.</summary>
    public int Count => items.Count;

    /// <summary>A module by its place.</summary>
    public Module<Tensor, Tensor> this[int index] => items[index];

    /// <summary>Adds a module at the end, named by its place.</summary>
    public Sequential append(Module<Tensor, Tensor> module) => append(items.Count.ToString(CultureInfo.InvariantCulture), module);

    /// <summary>Adds a module at the end.</summary>
    public Sequential append(string name, Module<Tensor, Tensor> module)
    {
        register_module(name, module);
        items.Add(module);
        return this;
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (items.Count == 0)
            return input.alias();
        using var scope = NewDisposeScope();
        var x = input;
        foreach (var item in items)
            x = item.call(x);
        // A module may give back its input, which lies in a scope further out and stays there.
        return scope.MoveToOuter(x);
    }

    /// <inheritdoc/>
    public IEnumerator<Module<Tensor, Tensor>> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Modules under their numbers: <c>down_blocks.0</c>.</summary>
/// <typeparam name="T">what they are</typeparam>
public sealed class ModuleList<T> : Module, IReadOnlyList<T> where T : Module
{
    private readonly List<T> items = [];

    internal ModuleList(IEnumerable<T> modules) : base("ModuleList")
    {
        foreach (var module in modules)
            Add(module);
    }

    /// <summary>How many there are.</summary>
    public int Count => items.Count;

    /// <summary>A module by its place.</summary>
    public T this[int index] => items[index];

    /// <summary>Adds a module at the end.</summary>
    public void Add(T module)
    {
        register_module(items.Count.ToString(CultureInfo.InvariantCulture), module);
        items.Add(module);
    }

    /// <summary>Adds a module at the end.</summary>
    public ModuleList<T> append(T module)
    {
        Add(module);
        return this;
    }

    /// <summary>Adds modules at the end.</summary>
    public ModuleList<T> extend(IEnumerable<T> modules)
    {
        foreach (var module in modules)
            Add(module);
        return this;
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Modules under names.</summary>
/// <typeparam name="T">what they are</typeparam>
public sealed class ModuleDict<T> : Module, IEnumerable<KeyValuePair<string, T>> where T : Module
{
    private readonly Dictionary<string, T> items = [];

    internal ModuleDict(IEnumerable<(string, T)> modules) : base("ModuleDict")
    {
        foreach (var (key, module) in modules)
            Add(key, module);
    }

    /// <summary>How many there are.</summary>
    public int Count => items.Count;

    /// <summary>A module by its name.</summary>
    public T this[string key] => items[key];

    /// <summary>The names.</summary>
    public IEnumerable<string> Keys => items.Keys;

    /// <summary>The modules.</summary>
    public IEnumerable<T> Values => items.Values;

    /// <summary>Adds a module.</summary>
    public void Add(string key, T module)
    {
        register_module(key, module);
        items.Add(key, module);
    }

    /// <summary>Whether a module of that name exists.</summary>
    public bool ContainsKey(string key) => items.ContainsKey(key);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, T>> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

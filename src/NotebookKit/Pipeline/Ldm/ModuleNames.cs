
namespace NotebookKit.Pipeline.Ldm;

/// <summary>A table of module names in two spellings; a tensor is translated by the longest module name that it begins with.</summary>
internal sealed class ModuleNames
{
    private readonly Dictionary<string, string> _there = new(StringComparer.Ordinal), _back = new(StringComparer.Ordinal);

    /// <summary>Enters one module.</summary>
    public void Add(string ldm, string diffusers) => (_there[ldm], _back[diffusers]) = (diffusers, ldm);

    /// <summary>The diffusers name of an LDM tensor; null where the table has no module for it.</summary>
    public string? ToDiffusers(string name) => Translate(name, _there);

    /// <summary>The LDM name of a diffusers tensor; null where the table has no module for it.</summary>
    public string? ToLdm(string name) => Translate(name, _back);

    private static string? Translate(string name, Dictionary<string, string> table)
    {
        for (var end = name.LastIndexOf('.'); end > 0; end = name.LastIndexOf('.', end - 1))
        {
            if (table.TryGetValue(name[..end], out var other))
                return other + name[end..];
        }

        return null;
    }
}

using System.Globalization;
using NotebookKit.Checkpoints.Pickle;

namespace NotebookKit.Checkpoints;

/// <summary>Finds the weights in what a checkpoint's pickle holds: the dictionary itself, or one under <c>state_dict</c>, however often
/// that is wrapped.</summary>
internal static class StateDict
{
    private const int Wrappings = 4;
    private static readonly string[] Wrappers = ["state_dict", "model_state_dict", "module"];

    /// <summary>The tensors by name; null where there is no dictionary.</summary>
    public static Dictionary<string, PickledTensor>? Tensors(object? root)
    {
        if (Innermost(root) is not { } weights)
            return Numbered(root);
        var tensors = new Dictionary<string, PickledTensor>(StringComparer.Ordinal);
        foreach (var (key, value) in weights.Items)
        {
            if (key is string name && value is PickledTensor tensor)
                tensors[name] = tensor;
        }

        foreach (var (name, tensor) in Embedding(weights))
            tensors[name] = tensor;
        return tensors;
    }

    // A bare list of tensors, as early LoRA files are: named by their places.
    private static Dictionary<string, PickledTensor>? Numbered(object? root) =>
        root is PickledList { Items: { Count: > 0 } list } && list.All(item => item is PickledTensor)
            ? list.Select((item, i) => (Name: i.ToString(CultureInfo.InvariantCulture), Tensor: (PickledTensor)item!))
                .ToDictionary(pair => pair.Name, pair => pair.Tensor)
            : null;

    /// <summary>The texts and numbers that stand beside the weights, at every wrapping.</summary>
    public static IReadOnlyDictionary<string, string> Texts(object? root)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var dictionary = root as PickledDict;
        for (var i = 0; dictionary is not null && i <= Wrappings; i++, dictionary = Wrapped(dictionary))
        {
            foreach (var (key, value) in dictionary.Items)
            {
                if (key is string { Length: <= 200 } name && value is string { Length: <= 1 << 20 } or long or double or bool)
                    texts[name] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
            }
        }

        return texts;
    }

    private static PickledDict? Innermost(object? root)
    {
        var dictionary = root as PickledDict;
        for (var i = 0; i < Wrappings && dictionary is not null && Wrapped(dictionary) is { } inner; i++)
            dictionary = inner;
        return dictionary;
    }

    private static PickledDict? Wrapped(PickledDict dictionary) =>
        Wrappers.Select(name => dictionary[name] as PickledDict).FirstOrDefault(inner => inner is not null);

    // Textual inversion's files keep their vectors one level deeper: string_to_param {"*": tensor}, once inside a ParameterDict.
    private static IEnumerable<(string Name, PickledTensor Tensor)> Embedding(PickledDict dictionary)
    {
        var parameters = dictionary["string_to_param"] switch
        {
            PickledDict inner => inner,
            PickledOpaque { State: PickledDict state } => state["_parameters"] as PickledDict,
            _ => null,
        };
        foreach (var (key, value) in parameters?.Items ?? [])
        {
            if (key is string name && value is PickledTensor tensor)
                yield return ($"string_to_param.{name}", tensor);
        }
    }
}

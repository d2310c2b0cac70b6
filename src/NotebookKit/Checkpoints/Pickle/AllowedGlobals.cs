using System.Collections.Frozen;
using System.Text;
using static TorchSharp.torch;

namespace NotebookKit.Checkpoints.Pickle;

/// <summary>
/// Every global that a checkpoint may name, and what is made of it here. In Python a pickle calls whatever it names, which
/// is how it runs code; here nothing is looked up anywhere but in this list, and nothing on it does more than build a
/// value. It is what PyTorch's <c>weights_only</c> and the web UI's <c>safe.py</c> allow.
/// </summary>
internal static class AllowedGlobals
{
    private static readonly FrozenDictionary<string, PickledGlobal> Known =
        All().ToFrozenDictionary(global => global.Name, StringComparer.Ordinal);

    /// <summary>The meaning of a global.</summary>
    /// <exception cref="PickleException">It is not on the list.</exception>
    public static PickledGlobal Find(string module, string name) =>
        Known.TryGetValue($"{module}.{name}", out var global)
            ? global
            : throw new PickleException($"it asks for {Zip.ZipDirectory.Shown($"{module}.{name}")}, which is more than weights need");

    private static IEnumerable<PickledGlobal> All()
    {
        foreach (var (storage, dtype, type) in Types())
        {
            yield return new($"torch.{storage}", null) { DType = type };
            yield return new($"torch.{dtype}", null) { DType = type };
        }

        yield return new("torch.storage.UntypedStorage", null) { DType = ScalarType.Byte };
        yield return new("torch.UntypedStorage", null) { DType = ScalarType.Byte };
        yield return new("torch._utils._rebuild_tensor", TensorBuilder.Rebuild);
        yield return new("torch._utils._rebuild_tensor_v2", TensorBuilder.Rebuild);
        yield return new("torch._utils._rebuild_tensor_v3", TensorBuilder.RebuildTyped);
        yield return new("torch._utils._rebuild_parameter", TensorBuilder.Parameter);
        yield return new("torch._utils._rebuild_parameter_with_state", TensorBuilder.Parameter);
        yield return new("torch._tensor._rebuild_from_type_v2", TensorBuilder.RebuildFromType);
        yield return new("torch.Tensor", null);
        yield return new("torch.nn.parameter.Parameter", null);
        yield return new("torch.Size",
            arguments => arguments is [PickledTuple or PickledList] ? AsTuple(arguments[0]) : new PickledTuple(arguments));
        yield return Ignored("torch.device");
        yield return Ignored("torch.nn.modules.container.ParameterDict");

        yield return new("collections.OrderedDict", Dictionary);
        foreach (var builtins in (string[])["builtins", "__builtin__"])
        {
            yield return new($"{builtins}.set", AsList);
            yield return new($"{builtins}.frozenset", AsList);
            yield return new($"{builtins}.dict", Dictionary);
            yield return new($"{builtins}.list", AsList);
        }

        yield return new("_codecs.encode", arguments => arguments is [string text, ..] ? Encoding.Latin1.GetBytes(text)
            : throw new PickleException("it encodes what is no text"));
        foreach (var numpy in (string[])["numpy.core", "numpy._core"])
        {
            yield return Ignored($"{numpy}.multiarray.scalar");
            yield return Ignored($"{numpy}.multiarray._reconstruct");
        }

        yield return Ignored("numpy.dtype");
        yield return Ignored("numpy.ndarray");
        yield return Ignored("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint");
        yield return Ignored("pytorch_lightning.callbacks.ModelCheckpoint");
    }

    private static IEnumerable<(string Storage, string DType, ScalarType Type)> Types() =>
    [
        ("FloatStorage", "float32", ScalarType.Float32), ("DoubleStorage", "float64", ScalarType.Float64),
        ("HalfStorage", "float16", ScalarType.Float16), ("BFloat16Storage", "bfloat16", ScalarType.BFloat16),
        ("LongStorage", "int64", ScalarType.Int64), ("IntStorage", "int32", ScalarType.Int32),
        ("ShortStorage", "int16", ScalarType.Int16), ("CharStorage", "int8", ScalarType.Int8),
        ("ByteStorage", "uint8", ScalarType.Byte), ("BoolStorage", "bool", ScalarType.Bool),
    ];

    private static PickledGlobal Ignored(string name) => new(name, _ => new PickledOpaque(name));

    private static PickledDict Dictionary(object?[] arguments)
    {
        var dictionary = new PickledDict();
        if (arguments is not ([] or [PickledList or PickledDict]))
            throw new PickleException("a dictionary in it is made of what is no list of pairs");
        if (arguments is [PickledDict copied])
            dictionary.Items.AddRange(copied.Items);
        foreach (var pair in arguments is [PickledList list] ? list.Items : [])
        {
            var items = pair is PickledList { Items: var of } ? [.. of] : (pair as PickledTuple)?.Items;
            if (items is not [var key, var value])
                throw new PickleException("a dictionary in it has entries that are no pairs");
            dictionary.Items.Add(new(key, value));
        }

        return dictionary;
    }

    private static PickledList AsList(object?[] arguments)
    {
        var list = new PickledList();
        if (arguments is [PickledList of])
            list.Items.AddRange(of.Items);
        else if (arguments is [PickledTuple tuple])
            list.Items.AddRange(tuple.Items);
        return list;
    }

    private static PickledTuple AsTuple(object? value) => value as PickledTuple ?? new PickledTuple([.. ((PickledList)value!).Items]);
}

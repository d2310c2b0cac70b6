using System.Runtime.CompilerServices;
using System.Text;

namespace TorchSharp;

/// <summary>An operator of libtorch by its schema name, looked up at its first use.</summary>
internal sealed unsafe class Op(string name, string overload = "")
{
    private nint handle;
    private bool absent;

    /// <summary>The name with its overload: <c>add.Tensor</c>.</summary>
    public string Name => overload.Length == 0 ? name : $"{name}.{overload}";

    /// <summary>Whether this libtorch has the operator.</summary>
    public bool Exists => handle != 0 || Find() != 0;

    /// <summary>Calls an operator with one tensor as its result.</summary>
    public torch.Tensor Call(params ReadOnlySpan<Arg> arguments)
    {
        KitValue result;
        Invoke(arguments, &result, 1);
        return new torch.Tensor((nint)result.Payload);
    }

    /// <summary>Calls an operator for its effect: in-place operators.</summary>
    public void Run(params ReadOnlySpan<Arg> arguments) => Invoke(arguments, null, 0);

    /// <summary>Calls an operator with two tensors as its result.</summary>
    public (torch.Tensor, torch.Tensor) Call2(params ReadOnlySpan<Arg> arguments)
    {
        var results = stackalloc KitValue[2];
        Invoke(arguments, results, 2);
        return (new((nint)results[0].Payload), new((nint)results[1].Payload));
    }

    /// <summary>Calls an operator with three tensors as its result.</summary>
    public (torch.Tensor, torch.Tensor, torch.Tensor) Call3(params ReadOnlySpan<Arg> arguments)
    {
        var results = stackalloc KitValue[3];
        Invoke(arguments, results, 3);
        return (new((nint)results[0].Payload), new((nint)results[1].Payload), new((nint)results[2].Payload));
    }

    /// <summary>Calls an operator with a list of tensors as its result.</summary>
    public torch.Tensor[] CallList(params ReadOnlySpan<Arg> arguments)
    {
        KitValue result;
        Invoke(arguments, &result, 1);
        var tensors = new torch.Tensor[result.Count];
        var handles = (nint*)result.Payload;
        for (var i = 0; i < tensors.Length; i++)
            tensors[i] = new torch.Tensor(handles[i]);
        return tensors;
    }

    /// <summary>Calls an operator with a number or a truth value as its result.</summary>
    public KitValue CallValue(params ReadOnlySpan<Arg> arguments)
    {
        KitValue result;
        Invoke(arguments, &result, 1);
        return result;
    }

    [SkipLocalsInit]
    private void Invoke(ReadOnlySpan<Arg> arguments, KitValue* results, int capacity)
    {
        var op = handle;
        if (op == 0)
            op = FindOrThrow();
        var values = stackalloc KitValue[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
            values[i] = arguments[i].Value;
        // The caller's argument span, on its stack, keeps the tensors alive until the call is over.
        if (NativeMethods.kit_call(op, values, arguments.Length, results, capacity) < 0)
            Throw(arguments);
    }

    private nint FindOrThrow()
    {
        var found = Find();
        return found != 0 ? found : throw new NotSupportedException($"libtorch {torch.__version__} has no operator {Name}.");
    }

    private nint Find()
    {
        if (absent)
            return 0;
        nint found;
        fixed (byte* n = Encoding.UTF8.GetBytes($"aten::{name}\0"), o = Encoding.UTF8.GetBytes($"{overload}\0"))
            NativeMethods.Check(NativeMethods.kit_find(n, o, &found), Name);
        absent = found == 0;
        return handle = found;
    }

    private void Throw(ReadOnlySpan<Arg> arguments)
    {
        var reason = TorchException.FirstLine(NativeMethods.Error());
        var given = new StringBuilder();
        foreach (var argument in arguments)
            given.Append(given.Length == 0 ? "" : ", ").Append(Describe(argument));
        var message = $"{Name}({given}): {reason}";
        var pending = torch.autograd.TakePending();
        throw pending is null ? new TorchException(message) : new TorchException(message, pending);
    }

    private static string Describe(Arg argument)
    {
        var value = argument.Value;
        return value.Tag switch
        {
            Tag.Tensor => ((torch.Tensor)argument.Owner!).Summary(),
            Tag.Int => value.Payload.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Tag.Double => value.Double.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            Tag.Bool => value.Payload != 0 ? "true" : "false",
            Tag.IntList => $"[{string.Join(", ", new ReadOnlySpan<long>((void*)value.Payload, value.Count).ToArray())}]",
            Tag.String => $"\"{Encoding.UTF8.GetString((byte*)value.Payload, value.Count)}\"",
            Tag.TensorList or Tag.OptionalTensorList => DescribeList(argument.Owner!),
            Tag.Default => "default",
            _ => value.Tag.ToString().ToLowerInvariant(),
        };
    }

    private static string DescribeList(object owner)
    {
        // A long list's memory is kept with it.
        var tensors = owner as torch.Tensor?[] ?? (torch.Tensor?[])((object[])owner)[1];
        return $"[{string.Join(", ", tensors[..^1].Take(8).Select(t => t?.Summary() ?? "none"))}{(tensors.Length > 9 ? ", …" : "")}]";
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace NotebookKit.Checkpoints.Pickle;

/// <summary>
/// Python's unpickling machine (protocols 0 to 5, as <c>pickletools.py</c> documents them) reduced to values: numbers,
/// texts, containers, and what <see cref="AllowedGlobals"/> lists. It calls nothing, recurses nowhere, and stops at
/// <see cref="PickleLimits"/>.
/// </summary>
/// <param name="bytes">One pickle, or several in a row.</param>
/// <param name="storage">Makes the storage that a persistent id names.</param>
internal sealed class PickleReader(ReadOnlyMemory<byte> bytes, Func<PickledTuple, PickledStorage> storage)
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<long, object?> _memo = [];
    private int _at;
    private int _operations;

    /// <summary>How far it has read, in bytes.</summary>
    public int Position => _at;

    /// <summary>Reads the next pickle.</summary>
    /// <returns>Its value: null, bool, long, <see cref="BigInteger"/>, double, string, byte[], or one of the Pickled… types.</returns>
    /// <exception cref="PickleException">It is malformed, or asks for more than tensors and containers.</exception>
    public object? Read()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        while (true)
        {
            if (++_operations > PickleLimits.Operations)
                throw TooLong();
            var operation = Take(1)[0];
            if (operation == '.')
                return _marks.Count == 0 && _stack.Count == 1 ? _stack[0]
                    : throw new PickleException("its pickle ends in the middle of a value");
            Do(operation);
        }
    }

    // Longer than 60 lines: one case for each operation of the machine, in the order of its manual.
    private void Do(byte operation)
    {
        switch ((char)operation)
        {
            case '\x80': // PROTO
                if (Take(1)[0] > 5)
                    throw new PickleException("its pickle is of a newer protocol than 5");
                break;
            case '\x95': // FRAME
                if (BinaryPrimitives.ReadUInt64LittleEndian(Take(8)) > (ulong)(bytes.Length - _at))
                    throw new PickleException("its pickle is cut off");
                break;
            case '(': _marks.Push(_stack.Count); break;
            case '0': // POP; a mark counts as a value
                if (_marks.TryPeek(out var mark) && mark == _stack.Count)
                    _marks.Pop();
                else
                    Pop();
                break;
            case '1': Cut(); break; // POP_MARK
            case '2': _stack.Add(Top()); break; // DUP

            case 'N': _stack.Add(null); break;
            case '\x88': _stack.Add(true); break;
            case '\x89': _stack.Add(false); break;
            case 'I': _stack.Add(Line() switch { "00" => false, "01" => true, var text => Whole(text) }); break;
            case 'L': _stack.Add(Whole(Line().TrimEnd('L'))); break;
            case 'J': _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case 'K': _stack.Add((long)Take(1)[0]); break;
            case 'M': _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case '\x8a': _stack.Add(Whole(Take(Take(1)[0]))); break; // LONG1
            case '\x8b': _stack.Add(Whole(Take(Length(4)))); break; // LONG4
            case 'G': _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 'F':
                _stack.Add(double.TryParse(Line(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
                    : throw new PickleException("a number in its pickle is none"));
                break;

            case 'S': _stack.Add(Quoted(Line())); break;
            case 'V': _stack.Add(Line()); break;
            case 'T': _stack.Add(Text(Take(Length(4)))); break;
            case 'U': _stack.Add(Text(Take(Take(1)[0]))); break;
            case 'X': _stack.Add(Text(Take(Length(4)))); break;
            case '\x8c': _stack.Add(Text(Take(Take(1)[0]))); break;
            case '\x8d': _stack.Add(Text(Take(Length(8)))); break;
            case 'B': _stack.Add(Take(Length(4)).ToArray()); break;
            case 'C': _stack.Add(Take(Take(1)[0]).ToArray()); break;
            case '\x8e' or '\x96': _stack.Add(Take(Length(8)).ToArray()); break; // BINBYTES8, BYTEARRAY8

            case ']': _stack.Add(new PickledList()); break;
            case '\x8f': _stack.Add(new PickledList()); break; // EMPTY_SET
            case '}': _stack.Add(new PickledDict()); break;
            case ')': _stack.Add(new PickledTuple([])); break;
            case 'l' or '\x91': // LIST, FROZENSET
                var list = new PickledList();
                list.Items.AddRange(Cut());
                _stack.Add(list);
                break;
            case 't': _stack.Add(new PickledTuple(Cut())); break;
            case '\x85': _stack.Add(new PickledTuple([Pop()])); break;
            case '\x86': _stack.Add(new PickledTuple(Pop(2))); break;
            case '\x87': _stack.Add(new PickledTuple(Pop(3))); break;
            case 'd':
                var dictionary = new PickledDict();
                SetItems(dictionary, Cut());
                _stack.Add(dictionary);
                break;
            case 'a': Append([Pop()]); break;
            case 'e' or '\x90': Append(Cut()); break; // APPENDS, ADDITEMS
            case 's':
                var item = Pop(2);
                SetItems(Top(), item);
                break;
            case 'u':
                var items = Cut();
                SetItems(Top(), items);
                break;

            case 'p': Put(Index(Line())); break;
            case 'q': Put(Take(1)[0]); break;
            case 'r': Put(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case '\x94': Put(_memo.Count); break; // MEMOIZE
            case 'g': Get(Index(Line())); break;
            case 'h': Get(Take(1)[0]); break;
            case 'j': Get(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;

            case 'c': _stack.Add(AllowedGlobals.Find(Line(), Line())); break;
            case '\x93': // STACK_GLOBAL
                _stack.Add(Pop(2) is [string module, string name] ? AllowedGlobals.Find(module, name)
                    : throw new PickleException("a global in its pickle has no name"));
                break;
            case 'Q':
                _stack.Add(Pop() is PickledTuple id ? storage(id)
                    : throw new PickleException("it names a storage by something else than a tuple"));
                break;
            case 'R' or '\x81': Call(Pop(2)); break; // REDUCE, NEWOBJ
            case 'b': Build(Pop(), Top()); break;

            case 'i' or 'o' or '\x82' or '\x83' or '\x84' or '\x92' or 'P' or '\x97' or '\x98':
                throw new PickleException($"its pickle uses the operation 0x{operation:x2}, which no checkpoint needs");
            default:
                throw new PickleException($"0x{operation:x2} is no operation of a pickle");
        }
    }

    private void Call(object?[] functionAndArguments)
    {
        if (functionAndArguments is not [PickledGlobal { Call: { } call }, PickledTuple arguments])
            throw new PickleException("its pickle calls what is no function that weights need");
        // A call that copies what it is given costs as much as what it copies: one list can be given a million times.
        foreach (var argument in arguments.Items)
            _operations += argument switch { PickledList list => list.Items.Count, string text => text.Length / 16, _ => 0 };
        _stack.Add(_operations <= PickleLimits.Operations ? call(arguments.Items) : throw TooLong());
    }

    // Python would set the fields of the object; only for what is ignored anyway does it mean nothing.
    private static void Build(object? state, object? target)
    {
        if (target is PickledOpaque opaque)
            opaque.State = state;
        else if (target is not (PickledDict or PickledTensor))
            throw new PickleException("its pickle sets the fields of what has none");
    }

    private void Append(object?[] items)
    {
        if (Top() is not PickledList list)
            throw new PickleException("its pickle appends to what is no list");
        list.Items.AddRange(items);
    }

    private static void SetItems(object? target, object?[] items)
    {
        if (target is not PickledDict dictionary || items.Length % 2 != 0)
            throw new PickleException("its pickle sets items of what is no dictionary");
        for (var i = 0; i < items.Length; i += 2)
            dictionary.Items.Add(new(items[i], items[i + 1]));
    }

    private void Put(long index)
    {
        if (index > PickleLimits.Operations)
            throw new PickleException($"its pickle remembers a value as number {index}");
        _memo[index] = Top();
    }

    private void Get(long index) =>
        _stack.Add(_memo.TryGetValue(index, out var value) ? value
            : throw new PickleException("its pickle recalls a value that it never remembered"));

    private object? Top() => _stack.Count > Floor ? _stack[^1] : throw Underflow();

    private object? Pop()
    {
        var top = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private object?[] Pop(int count)
    {
        if (_stack.Count - Floor < count)
            throw Underflow();
        var values = _stack.GetRange(_stack.Count - count, count).ToArray();
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    /// <summary>What lies above the last mark.</summary>
    private object?[] Cut() => _marks.TryPeek(out var mark) ? PopMark(Pop(_stack.Count - mark)) : throw Underflow();

    private object?[] PopMark(object?[] values)
    {
        _marks.Pop();
        return values;
    }

    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private static PickleException TooLong() => new($"its pickle takes more than {PickleLimits.Operations} operations");

    private static PickleException Underflow() => new("its pickle takes more from its stack than it put there");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - _at)
            throw new PickleException("its pickle is cut off");
        var taken = bytes.Span.Slice(_at, count);
        _at += count;
        return taken;
    }

    private int Length(int width)
    {
        var field = Take(width);
        var length = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(field) : BinaryPrimitives.ReadUInt64LittleEndian(field);
        return length <= (ulong)(bytes.Length - _at) ? (int)length : throw new PickleException("its pickle is cut off");
    }

    private string Line()
    {
        var end = bytes.Span[_at..].IndexOf((byte)'\n');
        if (end < 0)
            throw new PickleException("its pickle is cut off");
        var line = Take(end);
        _at++;
        return Encoding.Latin1.GetString(line).TrimEnd('\r');
    }

    private static object Whole(string text)
    {
        if (text.Length > 2 * PickleLimits.NumberBytes
            || !BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw new PickleException("a number in its pickle is none");
        return Narrow(number);
    }

    private static object Whole(ReadOnlySpan<byte> littleEndian) =>
        littleEndian.Length <= PickleLimits.NumberBytes ? Narrow(new BigInteger(littleEndian))
            : throw new PickleException("a number in its pickle is longer than any needed");

    private static object Narrow(BigInteger number) => number >= long.MinValue && number <= long.MaxValue ? (long)number : number;

    private static long Index(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index
            : throw new PickleException("a memo index in its pickle is no number");

    private static string Quoted(string line) =>
        line.Length >= 2 && line[0] == line[^1] && line[0] is '\'' or '"' ? line[1..^1]
            : throw new PickleException("a text in its pickle has no quotes");

    private static string Text(ReadOnlySpan<byte> text)
    {
        try
        {
            return Utf8.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(text); // as Python 2 wrote them
        }
    }
}

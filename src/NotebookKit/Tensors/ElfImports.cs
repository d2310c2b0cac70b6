using System.Buffers.Binary;
using System.Text;

namespace NotebookKit.Tensors;

/// <summary>
/// What a 64-bit ELF file (System V ABI, "Object files"; Linux Standard Base, "Symbol versioning") asks of other files, to be
/// changed in place. All offsets are in bytes from the file's start.
/// </summary>
internal sealed class ElfImports
{
    private const uint DynamicSymbols = 11, VersionNeeds = 0x6FFFFFFE, SymbolVersions = 0x6FFFFFFF;
    private const ushort Weak = 2;
    private const int SymbolSize = 24;

    private readonly byte[] _elf;
    private readonly int _symbols;
    private readonly int _count;
    private readonly int _versions;
    private readonly int _needs;
    private readonly int _strings;

    /// <summary>Finds the tables.</summary>
    /// <param name="elf">The whole file; changed in place.</param>
    /// <exception cref="InvalidDataException">It is no 64-bit ELF file with these tables.</exception>
    public ElfImports(byte[] elf)
    {
        if (elf.Length < 64 || !elf.AsSpan(0, 5).SequenceEqual("\u007fELF\u0002"u8))
            throw new InvalidDataException("not a 64-bit ELF file");
        _elf = elf;
        var (table, entry, sections) = ((int)Long(0x28), Short(0x3A), Short(0x3C));
        var symbols = Section(DynamicSymbols);
        (_symbols, _count) = ((int)Long(symbols + 24), (int)Long(symbols + 32) / SymbolSize);
        (_needs, _versions) = ((int)Long(Section(VersionNeeds) + 24), (int)Long(Section(SymbolVersions) + 24));
        _strings = (int)Long(table + ((int)Int(symbols + 40) * entry) + 24);

        int Section(uint kind)
        {
            for (var at = table; at < table + (sections * entry); at += entry)
            {
                if (Int(at + 4) == kind)
                    return at;
            }

            throw new InvalidDataException($"no section of type {kind:x}");
        }
    }

    /// <summary>Makes one imported symbol name another one, with its version.</summary>
    /// <exception cref="InvalidDataException">One of them is not imported.</exception>
    public void Replace(string symbol, string other)
    {
        var (from, to) = (Index(symbol), Index(other));
        BinaryPrimitives.WriteUInt32LittleEndian(_elf.AsSpan(_symbols + (SymbolSize * from)), Int(_symbols + (SymbolSize * to)));
        Put(_versions + (2 * from), Short(_versions + (2 * to)));
    }

    /// <summary>Makes the need of a version a weak one: the file loads also where that version is missing.</summary>
    /// <exception cref="InvalidDataException">The version is not asked for.</exception>
    public void Weaken(string version)
    {
        var found = false;
        foreach (var need in Chain(_needs, 12))
        {
            foreach (var one in Chain(need + (int)Int(need + 8), 12).Where(one => Text((int)Int(one + 8)) == version))
            {
                Put(one + 4, (ushort)(Short(one + 4) | Weak));
                found = true;
            }
        }

        if (!found)
            throw new InvalidDataException($"{version} is not asked for");
    }

    // Each entry says how far the next one is; the last says 0.
    private IEnumerable<int> Chain(int first, int field)
    {
        for (var at = first; ; at += (int)Int(at + field))
        {
            yield return at;
            if (Int(at + field) == 0)
                yield break;
        }
    }

    private int Index(string name)
    {
        for (var i = 0; i < _count; i++)
        {
            if (Text((int)Int(_symbols + (SymbolSize * i))) == name)
                return i;
        }

        throw new InvalidDataException($"{name} is not imported");
    }

    private string Text(int offset)
    {
        var bytes = _elf.AsSpan(_strings + offset);
        return Encoding.Latin1.GetString(bytes[..bytes.IndexOf((byte)0)]);
    }

    private ulong Long(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_elf.AsSpan(at));

    private uint Int(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_elf.AsSpan(at));

    private ushort Short(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_elf.AsSpan(at));

    private void Put(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_elf.AsSpan(at), value);
}

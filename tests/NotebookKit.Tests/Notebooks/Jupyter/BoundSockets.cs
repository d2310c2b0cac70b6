using System.Globalization;
using System.Net;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>Where a process can be reached from outside: its sockets, as Linux lists them.</summary>
internal static class BoundSockets
{
    private const string Listening = "0A", Unconnected = "07";

    /// <summary>The TCP sockets that listen and the UDP sockets that take from anyone.</summary>
    public static List<IPEndPoint> Of(int process)
    {
        var own = Directory.GetFiles($"/proc/{process}/fd").Select(LinkTarget).OfType<string>()
            .Where(link => link.StartsWith("socket:[", StringComparison.Ordinal)).Select(link => link[8..^1]).ToHashSet();
        return [.. from table in new[] { "tcp", "tcp6", "udp", "udp6" }
                   where File.Exists($"/proc/{process}/net/{table}")
                   from line in File.ReadLines($"/proc/{process}/net/{table}").Skip(1)
                   let field = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                   where field[3] == (table.StartsWith('t') ? Listening : Unconnected) && own.Contains(field[9])
                   select EndPoint(field[1])];
    }

    private static string? LinkTarget(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null; // closed meanwhile
        }
    }

    /// <summary>"0100007F:1F90": words of four bytes, each in this machine's order.</summary>
    private static IPEndPoint EndPoint(string text)
    {
        var bytes = Convert.FromHexString(text[..^5]);
        for (var word = 0; word < bytes.Length; word += 4)
            bytes.AsSpan(word, 4).Reverse();
        return new IPEndPoint(new IPAddress(bytes), int.Parse(text[^4..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}

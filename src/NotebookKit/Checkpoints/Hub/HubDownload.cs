using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace NotebookKit.Checkpoints.Hub;

/// <summary>
/// Fetches one file into the cache: goes on where an earlier try stopped, and gives the file its name only once its size
/// and its hash are those that the hub lists.
/// </summary>
internal sealed class HubDownload(HubClient client, HubCache cache, string commit, HubFile file, Action<long> fetched)
{
    private const int Attempts = 5;
    private readonly byte[] _buffer = new byte[1 << 17];

    /// <summary>Bytes of a file that an earlier run left unfinished.</summary>
    public static long Started(HubCache cache, HubFile file) =>
        new FileInfo(Unfinished(cache, file)) is { Exists: true, Length: var length } ? Math.Min(length, file.Size) : 0;

    /// <summary>Fetches the file.</summary>
    /// <exception cref="BadInputException">The hub refuses it, or gives another file than it lists.</exception>
    /// <exception cref="HubUnreachableException">The connection breaks again and again.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    public async Task Run(CancellationToken cancel)
    {
        var path = Unfinished(cache, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using (var output = Open(path))
        {
            var (damaged, longest) = (0, output.Length);
            for (var fruitless = 1; ;)
            {
                Exception? broken = null;
                try
                {
                    await Continue(output, cancel);
                }
                catch (Exception e) when (HubClient.IsBrokenConnection(e, cancel))
                {
                    broken = e;
                }

                if (output.Length == file.Size)
                {
                    if (await Hash(output, cancel) == file.Hash)
                        break;
                    // Something on the way altered it; what is there is worthless.
                    output.SetLength(0);
                    longest = 0;
                    if (++damaged == 2)
                        throw new BadInputException($"{file.Path} does not arrive as the hub lists it: its hash is another, twice. "
                            + "Something on the way changes it; try another network.");
                    continue;
                }

                // As long as it gets further than ever before, the connection is bad but alive.
                fruitless = output.Length > longest ? 1 : fruitless + 1;
                longest = Math.Max(longest, output.Length);
                await client.WaitOrGiveUp(Math.Min(fruitless, Attempts), null, broken ?? new IOException("the connection ends early"),
                    cancel);
            }
        }

        File.Move(path, cache.Blob(file), overwrite: true);
    }

    private static string Unfinished(HubCache cache, HubFile file) => cache.Blob(file) + ".incomplete";

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new BadInputException($"{path} is being downloaded by another program; wait for it to finish.", e);
        }
    }

    // One request, from where the file ends to its own end.
    private async Task Continue(FileStream output, CancellationToken cancel)
    {
        if (output.Length > file.Size)
            output.SetLength(0);
        if (output.Length == file.Size && file.Size > 0)
            return;
        using var response = await client.Open(file, commit, output.Length, cancel);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            output.SetLength(0);
            return;
        }

        // A server that does not know ranges begins at the start: what is there already is passed over.
        var from = response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? long.MaxValue : 0;
        if (from > output.Length)
        {
            output.SetLength(0);
            return;
        }

        var known = output.Length - from;
        output.Position = output.Length;
        await using var input = await response.Content.ReadAsStreamAsync(cancel);
        while (true)
        {
            using var quiet = client.Quiet(cancel);
            var count = await input.ReadAsync(_buffer, quiet.Token);
            if (count == 0)
                return;
            fetched(count);
            var (passed, fresh) = ((int)Math.Min(known, count), count - (int)Math.Min(known, count));
            known -= passed;
            if (output.Length + fresh > file.Size)
                throw new BadInputException($"{file.Path} is longer than the {file.Size} bytes that the hub lists; try again later.");
            await output.WriteAsync(_buffer.AsMemory(passed, fresh), cancel);
        }
    }

    private async Task<string> Hash(FileStream output, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(file.IsLarge ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        // Git puts a head before the bytes that it hashes.
        if (!file.IsLarge)
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Size}\0")));
        output.Position = 0;
        for (int count; (count = await output.ReadAsync(_buffer, cancel)) > 0;)
            hash.AppendData(_buffer, 0, count);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

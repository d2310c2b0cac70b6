using System.Diagnostics;

namespace NotebookKit.Checkpoints.Hub;

/// <summary>A model on the hub, fetched once into the cache that Python's tools share.</summary>
/// <param name="model">Its name, <c>OWNER/NAME</c>.</param>
/// <param name="revision">A branch, tag or commit.</param>
/// <param name="settings">Where the hub and the cache are.</param>
internal sealed class HubModel(string model, string revision, HubSettings settings)
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(0.5);
    private readonly HubCache _cache = new(settings.CacheFolder, model);

    /// <summary>Makes sure that the files which a model needs are on this machine.</summary>
    /// <param name="variant">Which of several sets of weights; the plain one when null.</param>
    /// <param name="progress">Hears how the download goes on.</param>
    /// <param name="cancel">Stops it; the next call continues.</param>
    /// <returns>The folder in the diffusers layout, or the single file.</returns>
    /// <exception cref="BadInputException">There is no such model, it may not be read, or there is neither a network nor a
    /// copy.</exception>
    public string Fetch(string? variant, IProgress<HubProgress>? progress, CancellationToken cancel) =>
        Task.Run(() => FetchAsync(variant, progress, cancel), cancel).GetAwaiter().GetResult();

    private async Task<string> FetchAsync(string? variant, IProgress<HubProgress>? progress, CancellationToken cancel)
    {
        if (revision.Split('/').Any(part => part is "" or "." or "..") || revision.IndexOfAny(['\\', '\0', '?', '#', ' ']) >= 0)
            throw new BadInputException($"'{revision}' is no revision of a model; give a branch, a tag or a commit.");
        // A commit never changes: what is there of it needs no asking.
        if (settings.Offline || revision.Length == 40)
        {
            if (Here(variant) is { } here)
                return here;
            if (settings.Offline)
                throw new BadInputException($"{model} is not on this machine whole, and HF_HUB_OFFLINE forbids to download it; unset that "
                    + "once while there is a network.");
        }

        using var client = new HubClient(settings, model, revision);
        try
        {
            return await Download(client, variant, progress, cancel);
        }
        catch (HubUnreachableException e)
        {
            return Here(variant) ?? throw new BadInputException(e.Message, e);
        }
    }

    /// <summary>The model as it was downloaded before; null where it was not, or not whole.</summary>
    /// <param name="variant">Which of several sets of weights; the plain one when null.</param>
    public string? Here(string? variant)
    {
        if (_cache.CommitOf(revision) is not { } commit)
            return null;
        var present = _cache.Present(commit);
        try
        {
            var plan = HubPlan.For(model, present, variant);
            return plan.Indexes.All(index => ShardedWeights.Shards(At(commit, index))
                .All(shard => present.Contains(HubPlan.Beside(index, shard)))) ? Result(plan, commit) : null;
        }
        catch (BadInputException)
        {
            return null;
        }
    }

    private async Task<string> Download(HubClient client, string? variant, IProgress<HubProgress>? progress, CancellationToken cancel)
    {
        var listing = await client.List(cancel);
        var files = listing.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        var plan = HubPlan.For(model, files.Keys, variant);
        // An index says which further files are needed, so it comes first.
        await Fetch(client, listing.Commit, [.. plan.Indexes.Select(path => files[path])], progress, cancel);
        var shards = plan.Indexes.SelectMany(index =>
            ShardedWeights.Shards(At(listing.Commit, index)).Select(shard => HubPlan.Beside(index, shard)));
        var wanted = plan.Files.Concat(shards).Distinct(StringComparer.Ordinal)
            .Select(path => files.GetValueOrDefault(path)
                ?? throw new BadInputException($"{model} lacks {path} on the hub, which it says it needs; try another revision."))
            .ToList();
        await Fetch(client, listing.Commit, wanted, progress, cancel);
        _cache.Remember(revision, listing.Commit);
        return Result(plan, listing.Commit);
    }

    private async Task Fetch(HubClient client, string commit, IReadOnlyList<HubFile> files, IProgress<HubProgress>? progress,
        CancellationToken cancel)
    {
        var (clock, reported) = (Stopwatch.StartNew(), TimeSpan.Zero);
        var missing = files.Where(file => !File.Exists(_cache.Blob(file)) && !HubCache.IsThere(At(commit, file.Path))).ToList();
        var (total, fetched) = (missing.Sum(file => file.Size), 0L);
        var before = missing.Sum(file => HubDownload.Started(_cache, file));
        if (new DriveInfo(Path.GetFullPath(Existing(_cache.Folder))) is { IsReady: true } drive
            && drive.AvailableFreeSpace < total - before)
            throw new BadInputException($"{model} needs {(total - before) / 1e6:0} MB more than {_cache.Folder} has room for "
                + $"({drive.AvailableFreeSpace / 1e6:0} MB); free some, or set HF_HOME to a larger disk.");
        foreach (var file in files)
        {
            if (missing.Contains(file))
            {
                await new HubDownload(client, _cache, commit, file, count => Tell(file, count)).Run(cancel);
                progress?.Report(new HubProgress(file.Path, Math.Min(before + fetched, total), total, fetched, clock.Elapsed));
            }

            _cache.Link(commit, file);
        }

        void Tell(HubFile file, long count)
        {
            fetched += count;
            if (clock.Elapsed - reported < ReportEvery)
                return;
            reported = clock.Elapsed;
            progress?.Report(new HubProgress(file.Path, Math.Min(before + fetched, total), total, fetched, clock.Elapsed));
        }
    }

    private static string Existing(string folder) =>
        Directory.Exists(folder) || Path.GetDirectoryName(folder) is not { Length: > 0 } parent ? folder : Existing(parent);

    private string At(string commit, string path) => Path.Combine(_cache.Snapshot(commit), path);

    private string Result(HubPlan plan, string commit) => plan.SingleFile is { } file ? At(commit, file) : _cache.Snapshot(commit);
}

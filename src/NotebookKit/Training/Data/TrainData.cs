using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;

namespace NotebookKit.Training.Data;

/// <summary>
/// What the run learns from: the subject's pictures with their buckets, the class images beside them, and the order in
/// which they come.
/// </summary>
internal sealed class TrainData : IDisposable
{
    // Latents beyond this lie in files.
    private const long MemoryLimit = 1L << 30;

    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;
    private readonly List<(TrainingPicture Picture, int Concept, (int Width, int Height) Size, (int Width, int Height) Bucket)> _pictures =
        [];
    private readonly Dictionary<(int Concept, string Prompt, (int, int) Bucket), IReadOnlyList<string>> _classFiles = [];
    private readonly Dictionary<string, PictureCrop> _masks = []; // mask file -> resized as its picture
    private readonly PictureFindings _judged = new();
    private LatentCache? _latents;

    /// <summary>Reads which pictures there are; decodes none.</summary>
    /// <exception cref="BadInputException">A folder is missing or empty, or a prompt is.</exception>
    public TrainData(StableDiffusion sd, TrainOptions options)
    {
        (_sd, _options) = (sd, options);
        var found = options.Concepts.SelectMany((concept, index) => TrainingPicture.Read(concept).Select(picture => (picture, index)));
        foreach (var (picture, index) in options.Method == TrainMethod.Imagic ? found.Take(1) : found)
        {
            for (var i = 0; i < (options.Concepts[index].Repeats ?? 1); i++)
                _pictures.Add((picture, index, default, default));
        }
    }

    /// <summary>The subject's pictures.</summary>
    public IReadOnlyList<TrainingPicture> Pictures => [.. Once.Select(entry => entry.Picture)];

    // A repeated picture lies beside itself.
    private IEnumerable<(TrainingPicture Picture, int Concept, (int Width, int Height) Size, (int Width, int Height) Bucket)> Once =>
        _pictures.Where((entry, i) => i == 0 || !IsRepeat(i));

    /// <summary>What about the pictures will surprise, a sentence each; known once they were decoded.</summary>
    public IEnumerable<string> Notices => _judged.Sentences();

    /// <summary>The class images in use.</summary>
    public IReadOnlyList<string> ClassFiles => [.. _classFiles.Values.SelectMany(files => files).Distinct()];

    /// <summary>The encoded pictures.</summary>
    public LatentCache Latents => _latents ?? throw new InvalidOperationException("Prepare the data first.");

    /// <summary>The masks, each resized as its picture, by their files.</summary>
    public IReadOnlyDictionary<string, PictureCrop> Masks => _masks;

    /// <summary>Every prompt of the run, where their parts are not shuffled.</summary>
    public IEnumerable<string> Prompts => Pictures
        .SelectMany(picture => new[] { picture.Prompt, picture.ClassPrompt })
        .OfType<string>()
        .Concat(_options.Images.CaptionDropout > 0 ? [""] : [])
        .Distinct();

    /// <summary>Optimizer steps in an epoch; the last of a bucket may have fewer pictures.</summary>
    public int StepsPerEpoch => _pictures.GroupBy(entry => entry.Bucket).Sum(bucket => (bucket.Count() + PerStep - 1) / PerStep);

    private int PerStep => _options.Intervals.BatchSize!.Value * _options.Intervals.GradientAccumulation;

    /// <summary>
    /// Decodes the pictures, paints the class images that are missing, and encodes both, once and for all. Yields what is
    /// being done, how much of it is done, and how much there is.
    /// </summary>
    public IEnumerable<(string Stage, int Done, int Total)> Prepare(CancellationToken cancel)
    {
        var output = Path.GetDirectoryName(Path.GetFullPath(_options.OutputPath))!;
        _latents = new LatentCache(_sd, ExpectedBytes() > MemoryLimit ? Path.Combine(output, "latents") : null);
        for (var i = 0; i < _pictures.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            Read(i);
            yield return ("encoding pictures", i + 1, _pictures.Count);
        }

        var plan = _options.Concepts.SelectMany((concept, index) => ClassImages
            .Plan(_options, concept, _sd,
                [.. Once.Where(entry => entry.Concept == index).Select(entry => (entry.Picture, entry.Size))])
            .Select(set => (Set: set, Concept: index))).ToList();
        var all = new ClassImages([.. plan.Select(entry => entry.Set)]);
        foreach (var done in all.Painting(_sd, cancel)) // by the untouched base: nothing is attached yet
            yield return ("painting class images", done, all.Need);
        foreach (var (set, concept) in plan)
            _classFiles[(concept, set.Recipe.Prompt, (set.Recipe.Width!.Value, set.Recipe.Height!.Value))] = set.Files;

        var views = _classFiles.SelectMany(set =>
            set.Value.Select(file => new PictureView(file, set.Key.Bucket.Item1, set.Key.Bucket.Item2))).Distinct().SelectMany(Sides)
                .ToList();
        for (var i = 0; i < views.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            _latents.Prepare(views[i]);
            yield return ("encoding class images", i + 1, views.Count);
        }
    }

    /// <summary>
    /// The optimizer steps of an epoch (from 0): every picture of the subject once, in a fresh order, and beside each one
    /// class image; the class images too come round once before any comes twice.
    /// </summary>
    public IEnumerable<StepSamples> Epoch(int epoch)
    {
        var ranks = new Dictionary<(int, string, (int, int)), int>();
        var samples = RandomStreams.Permutation(_options.Seed, 0, epoch, _pictures.Count).Select(picture => Sample(picture, epoch, ranks))
            .ToList();
        var steps = samples
            .GroupBy(sample => (sample.View.Width, sample.View.Height)) // in the order of first appearance, which is random
            .SelectMany(bucket => bucket.Chunk(PerStep))
            .Select(step => new StepSamples([.. step.Chunk(_options.Intervals.BatchSize!.Value)]))
            .ToList();
        // Buckets take turns instead of coming one after the other.
        return RandomStreams.Permutation(_options.Seed, 2, epoch, steps.Count).Select(i => steps[i]);
    }

    /// <inheritdoc/>
    public void Dispose() => _latents?.Dispose();

    private TrainSample Sample(int index, int epoch, Dictionary<(int, string, (int, int)), int> ranks)
    {
        var (picture, concept, _, bucket) = _pictures[index];
        var draw = (epoch * (long)_pictures.Count) + index;
        var view = new PictureView(picture.Path, bucket.Width, bucket.Height, _options.Images.Flip && Choice(0, 0) < 0.5);
        if (_options.Images.RandomCrop)
            view = view with { X = Choice(0, 1), Y = Choice(0, 2) };
        if (picture.ClassPrompt is null || !_classFiles.TryGetValue((concept, picture.ClassPrompt, bucket), out var files))
            return new TrainSample(picture, view, Caption(picture.Prompt, 0), null, null, draw);

        var key = (concept, picture.ClassPrompt, bucket);
        var rank = ranks.GetValueOrDefault(key);
        ranks[key] = rank + 1;
        var members = _pictures.Count(entry => entry.Concept == concept && entry.Picture.ClassPrompt == picture.ClassPrompt
            && entry.Bucket == bucket);
        var position = (epoch * (long)members) + rank;
        var order = RandomStreams.Seed(_options.Seed, 7, _classFiles.Keys.ToList().IndexOf(key));
        var file = files[RandomStreams.Permutation(order, 0, position / files.Count, files.Count)[position % files.Count]];
        return new TrainSample(picture, view, Caption(picture.Prompt, 0), new PictureView(file, bucket.Width, bucket.Height,
            _options.Images.Flip && Choice(1, 0) < 0.5), Caption(picture.ClassPrompt, 1), draw);

        double Choice(int stream, int choice) => RandomStreams.Choice(_options.Seed, stream, draw, choice);

        string Caption(string prompt, int stream)
        {
            if (_options.Images.CaptionDropout > 0 && Choice(stream, 3) < _options.Images.CaptionDropout)
                return "";
            if (!_options.Images.ShuffleCaptions)
                return prompt;
            var tags = prompt.Split(", ");
            var order = RandomStreams.Permutation(RandomStreams.Seed(_options.Seed, 6, draw), stream, 0, tags.Length - 1);
            return string.Join(", ", order.Select(tag => tags[tag + 1]).Prepend(tags[0]));
        }
    }

    // Decodes a picture once, for its bucket and for its latents.
    private void Read(int index)
    {
        var entry = _pictures[index];
        if (IsRepeat(index))
        {
            _pictures[index] = _pictures[index - 1];
            return;
        }

        var image = RgbImage.Load(entry.Picture.Path);
        var (width, height) = _options.BucketFor(_sd, (image.Width, image.Height));
        _judged.Look(entry.Picture.Path, image, width, height);
        var view = new PictureView(entry.Picture.Path, width, height);
        _pictures[index] = entry with { Size = (image.Width, image.Height), Bucket = (width, height) };
        if (entry.Picture.Mask is { } mask)
        {
            _masks[mask] = PictureMask.Load(mask, (image.Width, image.Height), (width, height));
            PictureMask.Of(_masks[mask], mask, view, _sd.Vae.Config.Factor).Dispose(); // all black is told before training
        }

        if (_options.Images.RandomCrop)
            view = view with { X = 0, Y = 0 }; // encoded in each step, wherever it is cut then
        foreach (var side in Sides(view))
            Latents.Prepare(side, image);
    }

    private bool IsRepeat(int index) => index > 0 && _pictures[index].Concept == _pictures[index - 1].Concept
        && _pictures[index].Picture.Path == _pictures[index - 1].Picture.Path;

    private IEnumerable<PictureView> Sides(PictureView view) => _options.Images.Flip ? [view, view with { Flipped = true }] : [view];

    // Mean and standard deviation of four channels in float32.
    private long ExpectedBytes()
    {
        var latents = (long)_options.Images.Size!.Value * _options.Images.Size.Value / (_sd.Vae.Config.Factor * _sd.Vae.Config.Factor);
        var pictures = Once.Count()
            + (_options.UsesClassImages
                ? _options.Concepts.Select((concept, index) => concept.ClassImagesFor(Once.Count(entry => entry.Concept == index)))
                    .Sum() : 0);
        return pictures * latents * 2 * 4 * 4 * (_options.Images.Flip ? 2 : 1);
    }
}

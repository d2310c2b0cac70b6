using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Text;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Settings;

namespace NotebookKit.Studio;

/// <summary>What a form of settings would lead to, told before anything is trained.</summary>
internal static class StudioAnswers
{
    // A curve on a page needs no more.
    private const int Points = 200;

    /// <summary>The answer: what is wrong field by field, or the run's memory, steps, learning rates, size, words, captions and
    /// crops; and what the wizard proposes for each field.</summary>
    public static object Of(StudioSession session, IReadOnlyDictionary<string, string[]> form)
    {
        var wrong = new Dictionary<string, string>();
        var given = StudioForm.Read(form, session.Options, wrong);
        if (session.Base.Model is not { } sd)
            return new { Wrong = wrong, Loading = true };
        try
        {
            var options = given.ForBase(sd);
            options.Validate();
            var concept = options.Concepts[0];
            using var data = new TrainData(sd, options);
            var photos = session.Photos.Look(sd, options, data.Pictures.Select(picture => picture.Path));
            var steps = options.EpochsInAll * data.StepsPerEpoch;
            var schedule = options.ScheduleOver(steps);
            schedule.Validate();
            var shape = ModelShape.Of(sd);
            var forecast = MemoryForecast.Of(shape, MemoryPlan.Of(sd, options), MachineMemory.Of(sd.Device)?.Total);
            var identifier = CaptionAudit.IdentifierOf(concept); // its first word is what is meant to be rare
            var captions = CaptionAudit.Of(concept, sd.Tokenizer);
            return new
            {
                Wrong = wrong,
                Proposals = Proposals(sd, given, shape, forecast),
                Steps = steps,
                Minutes = session.SecondsPerStep * steps / 60,
                Memory = Parts(forecast),
                forecast.Fits,
                forecast.Advice,
                Rates = Curve(schedule, steps),
                Warnings = schedule.Warnings().Concat(RateNotices.Of(options, sd)),
                Hints = NeedWords.Unused(given, one => one.ForBase(sd)).Concat(TrainNotices.Of(options, sd)).Distinct(),
                LoraBytes = options.WritesLora
                    ? LoraSize.Of(sd.UNet, options.TextRatio > 0 ? sd.TextEncoder : null, options.Lora, options.Saving.As).FileBytes
                    : (long?)null,
                Identifier = identifier,
                Rarity = identifier is null ? null : IdentifierRarity.Of(identifier.Split(' ')[0], null, sd.Tokenizer),
                Captions = captions.Zip(photos, (row, photo) => new
                {
                    row.File,
                    row.Instance,
                    row.Class,
                    row.Warnings,
                    Size = $"{photo.Width}×{photo.Height}",
                    Crop = $"{photo.Across}×{photo.Down}",
                }),
            };
        }
        catch (BadInputException e)
        {
            var field = StudioForm.FieldOf(e.Message);
            wrong.TryAdd(field, StudioForm.AtField(e.Message, field));
            return new { Wrong = wrong };
        }
    }

    // What fits the method and the base; and where the memory does not suffice, the cheapest changes that it needs.
    private static Dictionary<string, string> Proposals(StableDiffusion sd, TrainOptions given, ModelShape shape, MemoryForecast forecast)
    {
        var suitable = (StudioSession.Usual with
        {
            Method = given.Method,
            Learning = StudioSession.Usual.Learning with { Optimizer = given.Learning.Optimizer },
        }).ForBase(sd);
        var plan = forecast.Plan with { Options = suitable };
        if (!forecast.Fits)
        {
            foreach (var change in PerformanceWizard.Changes(shape, forecast.Plan))
            {
                if (new MemoryForecast(plan, MemoryCount.Of(shape, plan), forecast.Available).Fits)
                    break;
                plan = change.Of(plan);
            }
        }

        return StudioForm.Settings.Where(setting => !setting.OfConcept || setting.Name == "class_guidance")
            .ToDictionary(setting => setting.Name, setting => StudioForm.Shown(setting, plan.Options));
    }

    private static object Parts(MemoryForecast forecast) => new
    {
        forecast.Bytes.Total,
        forecast.Reserve,
        forecast.Needed,
        forecast.Available,
        Groups = new (string Name, long Bytes)[]
        {
            ("weights", forecast.Bytes.Weights), ("gradients", forecast.Bytes.Gradients), ("optimizer", forecast.Bytes.Optimizer),
            ("activations", forecast.Bytes.Activations), ("caches", forecast.Bytes.Caches), ("process", forecast.Reserve),
        }.Select(part => new { part.Name, part.Bytes }),
    };

    private static List<double[]> Curve(LrSchedule schedule, int steps) =>
        [.. Enumerable.Range(0, Math.Min(Points, steps))
            .Select(i => (int)((long)i * (steps - 1) / Math.Max(1, Math.Min(Points, steps) - 1)))
            .Select(step => new[] { step, schedule.At(step) })];
}

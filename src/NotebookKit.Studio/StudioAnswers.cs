using NotebookKit.Lora;
using NotebookKit.Text;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;

namespace NotebookKit.Studio;

/// <summary>What a form of settings would lead to, told before anything is trained.</summary>
internal static class StudioAnswers
{
    // A curve on a page needs no more.
    private const int Points = 200;

    /// <summary>The answer: what is wrong field by field, or the run's memory, steps, learning rates, size, words and captions.</summary>
    public static object Of(StudioSession session, IReadOnlyDictionary<string, string[]> form)
    {
        var wrong = new Dictionary<string, string>();
        var options = StudioForm.Read(form, session.Options, wrong);
        if (session.Model is not { } sd)
            return new { Wrong = wrong, Loading = true };
        options = options.ForBase(sd);
        try
        {
            options.Validate();
            var concept = options.Concepts[0];
            using var data = new TrainData(sd, options);
            session.Photos = [.. data.Pictures.Select(picture => picture.Path)];
            var steps = options.EpochsInAll * data.StepsPerEpoch;
            var schedule = options.ScheduleOver(steps);
            schedule.Validate();
            var forecast = MemoryForecast.Of(ModelShape.Of(sd), MemoryPlan.Of(sd, options), MachineMemory.Of(sd.Device)?.Total);
            var identifier = CaptionAudit.IdentifierOf(concept); // its first word is what is meant to be rare
            return new
            {
                Wrong = wrong,
                Pictures = session.Photos.Count,
                Steps = steps,
                Minutes = session.SecondsPerStep * steps / 60,
                Memory = new { forecast.Bytes.Total },
                forecast.Fits,
                forecast.Advice,
                Rates = Curve(schedule, steps),
                Warnings = schedule.Warnings().Concat(TrainNotices.Of(options, sd)),
                LoraBytes = options.Method is TrainMethod.Lora or TrainMethod.LoraExtended
                    ? LoraSize.Of(sd.UNet, options.TextRatio > 0 ? sd.TextEncoder : null, options.Lora, options.Saving.As).FileBytes
                    : (long?)null,
                Identifier = identifier,
                Rarity = identifier is null ? null : IdentifierRarity.Of(identifier.Split(' ')[0], null, sd.Tokenizer),
            };
        }
        catch (BadInputException e)
        {
            wrong[StudioForm.FieldOf(e.Message)] = e.Message;
            return new { Wrong = wrong };
        }
    }

    private static List<double[]> Curve(LrSchedule schedule, int steps) =>
        [.. Enumerable.Range(0, Math.Min(Points, steps))
            .Select(i => (int)((long)i * (steps - 1) / Math.Max(1, Math.Min(Points, steps) - 1)))
            .Select(step => new[] { step, schedule.At(step) })];
}

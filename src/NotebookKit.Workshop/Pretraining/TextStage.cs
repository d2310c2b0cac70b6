using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>Stage 3: the text encoder, contrastively.</summary>
internal static class TextStage
{
    /// <summary>Trains the text encoder, unless that is done.</summary>
    public static void Train(PretrainRun run, TrainingData data)
    {
        if (run.State.Contrastive is not null)
            return;
        var preset = run.Preset;
        manual_seed(run.SeedFor("text"));
        var config = ModelShapes.Text(preset, data.Captions.Tokens.Count, data.Captions.EndRow);
        var learners = run.Learners(() => new ContrastiveLearner(config, data, preset.ContrastiveBatch));
        ModelShapes.StartText(learners[0].Text);
        var budget = run.BudgetOf(preset.ContrastiveSteps, preset.ContrastiveMinutes);
        var (seconds, steps) = run.Train(learners, run.Settings("contrastive", 2e-3), budget, preset.ContrastiveBatch,
            () => $"recall {learners[0].Recall():P0}");
        var recall = learners[0].Recall();
        run.Work.Save("text.safetensors", learners[0].Text.state_dict());
        run.Work.Update(s => s with { Contrastive = new ContrastiveFigures(seconds, steps, recall, preset.HeldOut) });
        run.Say("contrastive", 1, $"own caption nearest of {preset.HeldOut} for {recall:P0}");
        learners.ForEach(l => l.Dispose());
    }
}

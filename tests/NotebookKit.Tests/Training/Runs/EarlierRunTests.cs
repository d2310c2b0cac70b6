using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Training.Runs;

/// <summary>What becomes of the result and the checkpoints that an earlier run has left under the same name.</summary>
public sealed class EarlierRunTests(TinyBase tiny) : ToyTraining(tiny)
{
    private TrainOptions Plain => Options with { Concepts = [Options.Concepts[0] with { ClassPrompt = null }] };

    [Fact]
    public void A_result_is_replaced_by_one_that_has_come_as_far()
    {
        Train(Plain);
        var again = Train(Plain with { Seed = 6 });
        Assert.Equal("9", Steps("toy.safetensors"));
        Assert.Equal(["toy.card.json", "toy.log.jsonl", "toy.safetensors"], Files());
        Assert.Equal(["toy"], Runs());
        Assert.Contains(again.Warnings, told => told.Contains("until this run has come as far", StringComparison.Ordinal));
    }

    [Fact]
    public void A_result_that_would_be_replaced_by_less_is_kept_beside_with_all_that_belongs_to_it()
    {
        Train(Plain);
        var before = File.ReadAllBytes(At("toy.safetensors"));
        var less = Train(Plain with { Intervals = new() { Epochs = 2 } });
        Assert.Equal(before, File.ReadAllBytes(At("toy.1.safetensors")));
        Assert.Equal("6", Steps("toy.safetensors"));
        Assert.Contains(less.Warnings, told => told.Contains("kept as", StringComparison.Ordinal)
            && told.Contains("toy.1.safetensors", StringComparison.Ordinal));
        Assert.Equal(["toy.1.card.json", "toy.1.log.jsonl", "toy.1.safetensors", "toy.card.json", "toy.log.jsonl", "toy.safetensors"],
            Files());
        Assert.Equal((9, 6), (RunCard.Read(At("toy.1.card.json")).Steps, RunCard.Read(At("toy.card.json")).Steps));

        // The one that was put aside can be continued under its new name.
        Assert.Equal(12, Train(Plain with
        {
            Intervals = new() { Epochs = 4 },
            Saving = new() { Output = At("toy.1.safetensors"), Resume = true }
        }).History.Count);
    }

    [Fact]
    public void A_file_that_no_run_has_made_is_kept_beside()
    {
        File.WriteAllText(At("toy.safetensors"), "somebody's own");
        Train(Plain);
        Assert.Equal("somebody's own", File.ReadAllText(At("toy.1.safetensors")));
        Assert.Equal("9", Steps("toy.safetensors"));
    }

    [Fact]
    public void A_whole_model_too_is_replaced_only_by_one_that_has_come_as_far()
    {
        var model = Plain with { Method = TrainMethod.DreamBooth, Saving = new() { Output = At("model") } };
        Train(model);
        Train(model with { Intervals = new() { Epochs = 1 } });
        Assert.Equal((9, 3), (RunCard.Read(At("model.1.card.json")).Steps, RunCard.Read(At("model.card.json")).Steps));
        StableDiffusion.Load(At("model.1")).Dispose();
        StableDiffusion.Load(At("model")).Dispose();
    }

    [Fact]
    public void A_run_that_begins_anew_leaves_no_checkpoint_of_another_to_be_resumed_by_mistake()
    {
        Train(Plain with { Saving = Plain.Saving with { Every = 1 } });
        Stopped(Plain with { Seed = 6 }, at: 2);
        Assert.Equal(["toy", "toy.1"], Runs());
        Assert.Equal(["epoch-0002-step-000006.safetensors", "epoch-0002-step-000006.state.safetensors",
            "epoch-0003-step-000009.safetensors", "epoch-0003-step-000009.state.safetensors"], Names(At("checkpoints/toy.1")));
        var resumed = Train(Plain with { Seed = 6, Saving = Plain.Saving with { Resume = true } });
        Assert.Equal(9, resumed.History.Count);
        Assert.Equal("9", Steps("toy.safetensors"));
        Assert.Equal("9", Steps("toy.1.safetensors")); // the stopped run had less
    }

    [Fact]
    public void Runs_whose_names_differ_behind_a_dot_do_not_share_anything()
    {
        Assert.NotEqual(RunCard.PathFor(At("toy.v1")), RunCard.PathFor(At("toy.v2")));
        Assert.Equal(At("toy.card.json"), RunCard.PathFor(At("toy.ckpt")));
    }

    private string At(string name) => Path.Combine(Folder, name);

    private string Steps(string name) => Safetensors.ReadMetadata(At(name))["ss_steps"];

    private IEnumerable<string?> Files() => Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private IEnumerable<string?> Runs() =>
        Directory.GetDirectories(At("checkpoints")).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static IEnumerable<string?> Names(string folder) =>
        Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private void Stopped(TrainOptions options, int at)
    {
        using var stop = new CancellationTokenSource();
        using var sd = StableDiffusion.Load(Tiny.Folder);
        new DreamBoothTrainer(sd, options).Train(new Heard<TrainEvent>(told =>
        {
            if (told is StepEvent step && step.Step.Step + 1 == at)
                stop.Cancel();
        }), stop.Token);
    }
}

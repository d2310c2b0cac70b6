using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Training;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Runs;

/// <summary>The steps that a run has behind it, in its state.</summary>
public sealed class StepHistoryTests
{
    private static readonly StepRecord[] Steps =
    [
        new(0, 1, 0.1, 0.2, null, 1e-4, 3) { PicturesSeen = 1, Bands = new BandLosses(null, 0.5, null, 1 / 3.0) },
        new(1, 1, 0.3, 0.1, 0.7, 2e-4, 0) { TextLearningRate = 5e-6, Skipped = true, PicturesSeen = 2 },
    ];

    [Fact]
    public void Steps_come_back_from_a_state_to_the_bit_with_what_they_lack()
    {
        using var folder = new TemporaryFolder();
        using var weight = ones(2);
        RunStates.Write(folder["a.state.safetensors"], new RunPosition { Step = 2, History = Steps },
            new Dictionary<string, Tensor> { ["weights.a"] = weight });
        var (position, tensors) = RunStates.Read(folder["a.state.safetensors"]);
        Assert.Equal(Steps, position.History);
        Assert.Equal(["weights.a"], tensors.Keys);
    }

    [Fact]
    public void A_state_of_before_has_its_steps_in_the_note()
    {
        using var folder = new TemporaryFolder();
        using var weight = ones(2);
        Safetensors.Save(folder["a.state.safetensors"], new Dictionary<string, Tensor> { ["weights.a"] = weight },
            new Dictionary<string, string> { ["run"] = JsonSerializer.Serialize(new RunPosition { History = Steps }, TrainLog.Json) });
        Assert.Equal(Steps, RunStates.Read(folder["a.state.safetensors"]).Position.History);
    }

    [Fact]
    public void A_state_of_many_steps_takes_a_hundred_odd_bytes_for_each()
    {
        using var folder = new TemporaryFolder();
        using var weight = ones(2);
        var many = Enumerable.Range(0, 2000).Select(step => Steps[1] with { Step = step }).ToList();
        RunStates.Write(folder["a.state.safetensors"], new RunPosition { Step = 2000, History = many },
            new Dictionary<string, Tensor> { ["weights.a"] = weight });
        Assert.InRange(new FileInfo(folder["a.state.safetensors"]).Length, 2000 * 112, (2000 * 112) + 2000);
    }

    [Fact]
    public void A_table_of_another_shape_is_damage()
    {
        using var table = ones([3, 5], ScalarType.Float64);
        var refused = Assert.Throws<BadInputException>(() => StepHistory.From(table, "a.state"));
        Assert.Contains("a.state", refused.Message, StringComparison.Ordinal);
    }
}

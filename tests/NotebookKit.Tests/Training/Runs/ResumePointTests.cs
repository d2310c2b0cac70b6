using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Training.Runs;

/// <summary>Which state a run goes on from, and what it says where it cannot.</summary>
public sealed class ResumePointTests(TinyBase tiny) : ToyTraining(tiny)
{
    private TrainOptions Plain => Options with
    {
        Concepts = [Options.Concepts[0] with { ClassPrompt = null }],
        Learning = new() { Schedule = "constant" },
        Saving = Options.Saving with { As = TorchSharp.torch.ScalarType.Float32 },
    };

    [Fact]
    public void A_finished_run_goes_on_as_if_it_had_never_ended()
    {
        Train(With(Plain, 2));
        var whole = Train(With(Plain with { Saving = Plain.Saving with { Output = At("whole.safetensors") } }, 4));
        var resumed = Train(Resumed(4));
        Assert.Equal(whole.History, resumed.History);
        Assert.Equal(Bytes("whole.safetensors"), Bytes("toy.safetensors"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void With_nothing_left_to_train_the_result_stays_as_it_is(int epochs)
    {
        Train(Plain);
        var (result, card, log) = (File.ReadAllBytes(At("toy.safetensors")), File.ReadAllText(At("toy.card.json")),
            File.ReadAllText(At("toy.log.jsonl")));
        var again = Train(Resumed(epochs));
        Assert.True(again.Untouched);
        Assert.Contains(again.Warnings, told => told.Contains("Nothing is left to train", StringComparison.Ordinal));
        Assert.Equal((result, card, log), (File.ReadAllBytes(At("toy.safetensors")), File.ReadAllText(At("toy.card.json")),
            File.ReadAllText(At("toy.log.jsonl"))), Same);

        static bool Same((byte[], string, string) a, (byte[], string, string) b) =>
            a.Item1.AsSpan().SequenceEqual(b.Item1) && a.Item2 == b.Item2 && a.Item3 == b.Item3;
    }

    [Fact]
    public void A_result_that_a_kill_has_kept_from_being_written_is_written_from_the_last_state()
    {
        Train(Plain);
        var expected = Bytes("toy.safetensors");
        File.Delete(At("toy.safetensors"));
        Assert.False(Train(Resumed(3)).Untouched);
        Assert.Equal(expected, Bytes("toy.safetensors"));
    }

    [Fact]
    public void Without_a_checkpoint_it_is_refused_before_anything_is_written()
    {
        Train(Plain);
        var before = Directory.GetFileSystemEntries(Folder, "*", SearchOption.AllDirectories);
        var sentence = Assert.ThrowsAny<BadInputException>(() =>
            Train(Resumed(3) with { Saving = new() { Output = At("tyo.safetensors"), Resume = true } })).Message;
        Assert.Contains("finds no checkpoint of tyo.safetensors", sentence, StringComparison.Ordinal);
        Assert.Contains("there are some of toy", sentence, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(Folder, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("cut short")]
    [InlineData("emptied")]
    [InlineData("a number changed")]
    [InlineData("overwritten")]
    public void Where_the_newest_state_is_damaged_the_whole_one_before_it_is_used_and_both_are_named(string how)
    {
        Train(Plain with { Saving = Plain.Saving with { Every = 1 } });
        var states = Directory.GetFiles(At("checkpoints/toy"), "*.state.safetensors").Order(StringComparer.Ordinal).ToList();
        Damage(states[^1], how);
        var resumed = Train(Resumed(4));
        Assert.Equal(12, resumed.History.Count);
        Assert.Contains(resumed.Warnings, told => told.Contains(Path.GetFileName(states[^1]), StringComparison.Ordinal)
            && told.Contains("is damaged", StringComparison.Ordinal)
            && told.Contains(Path.GetFileName(states[^2]), StringComparison.Ordinal));
        var whole = Train(With(Plain with { Saving = Plain.Saving with { Output = At("whole.safetensors") } }, 4));
        Assert.Equal(whole.History, resumed.History);
    }

    [Fact]
    public void Where_every_state_is_damaged_the_newest_is_named()
    {
        Train(Plain);
        var state = Directory.GetFiles(At("checkpoints/toy"), "*.state.safetensors").Single();
        Damage(state, "cut short");
        var sentence = Assert.ThrowsAny<BadInputException>(() => Train(Resumed(4))).Message;
        Assert.Contains(Path.GetFileName(state), sentence, StringComparison.Ordinal);
        Assert.Contains("begin anew", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_that_are_new_changed_or_gone_are_named_by_their_files()
    {
        var photos = Directory.CreateDirectory(At("photos")).FullName;
        foreach (var file in Directory.GetFiles(Tiny.Pictures))
            File.Copy(file, Path.Combine(photos, Path.GetFileName(file)));
        var options = Plain with { Concepts = [Plain.Concepts[0] with { InstanceDir = photos }] };
        Train(options);
        new RgbImage(24, 24).SavePng(Path.Combine(photos, "more.png"));
        new RgbImage(20, 20).SavePng(Path.Combine(photos, "1.png"));
        File.Delete(Path.Combine(photos, "2.png"));
        var sentence = Assert.ThrowsAny<BadInputException>(() =>
            Train(With(options, 4) with { Saving = options.Saving with { Resume = true } })).Message;
        Assert.Contains("1.png is changed; more.png is new; 2.png is gone", sentence, StringComparison.Ordinal);
        Assert.DoesNotMatch("[0-9a-f]{16}", sentence);
    }

    [Fact]
    public void Captions_and_masks_that_changed_are_named_too_and_a_card_refuses_them_as_well()
    {
        var photos = Directory.CreateDirectory(At("photos")).FullName;
        foreach (var file in Directory.GetFiles(Tiny.Pictures))
            File.Copy(file, Path.Combine(photos, Path.GetFileName(file)));
        var mask = new RgbImage(20, 24);
        mask.Pixels.AsSpan().Fill(255);
        mask.SavePng(Path.Combine(photos, "0.mask.png"));
        var options = Plain with { Concepts = [Plain.Concepts[0] with { InstanceDir = photos, InstancePrompt = "[filewords]" }] };
        Train(options);
        RunCard.Read(At("toy.card.json")).CheckSources();
        string Refusal() => Assert.ThrowsAny<BadInputException>(() =>
            Train(With(options, 4) with { Saving = options.Saving with { Resume = true } })).Message;

        File.WriteAllText(Path.Combine(photos, "1.txt"), "a zwx toy, from behind");
        Assert.Contains("other captions: 1.png.", Refusal(), StringComparison.Ordinal);
        Assert.Contains("\"a zwx toy, view 1\", and has \"a zwx toy, from behind\" now",
            Assert.ThrowsAny<BadInputException>(RunCard.Read(At("toy.card.json")).CheckSources).Message, StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(photos, "1.txt"), "a zwx toy, view 1\n");
        File.Delete(Path.Combine(photos, "0.mask.png"));
        Assert.Contains("other masks: 0.mask.png.", Refusal(), StringComparison.Ordinal);
        Assert.Contains("no longer the mask",
            Assert.ThrowsAny<BadInputException>(RunCard.Read(At("toy.card.json")).CheckSources).Message, StringComparison.Ordinal);
    }

    private static void Damage(string file, string how)
    {
        var bytes = File.ReadAllBytes(file);
        if (how == "a number changed")
            bytes[^9] ^= 1;
        File.WriteAllBytes(file, how switch { "cut short" => bytes[..^100], "emptied" => [], "overwritten" => new byte[999], _ => bytes });
    }

    private static TrainOptions With(TrainOptions options, int epochs) => options with { Intervals = new() { Epochs = epochs } };

    private TrainOptions Resumed(int epochs) => With(Plain, epochs) with { Saving = Plain.Saving with { Resume = true } };

    private string At(string name) => Path.Combine(Folder, name);

    private SortedDictionary<string, string> Bytes(string name)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        return new(Safetensors.Load(At(name)).ToDictionary(pair => pair.Key, pair => Convert.ToHexString(pair.Value.bytes)));
    }
}

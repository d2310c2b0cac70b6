using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Methods;

/// <summary>A training that begins with the weights of an existing LoRA (kohya's <c>--network_weights</c>).</summary>
public sealed class BegunLoraTests(TinyBase tiny) : ToyTraining(tiny)
{
    private static readonly Dictionary<string, LoraOptions> Kinds = new()
    {
        ["lora"] = new() { Rank = 3, Alpha = 2 },
        ["with the text encoder"] = new() { Rank = 2 },
        ["convolutions of another rank"] = new()
        {
            Rank = 4,
            ConvRank = 2,
            ConvAlpha = 1,
            Targets = LoraTargets.Locon,
            Ranks = [new(LoraTargets.Matching("mid_block"), 1)]
        },
        ["some layers"] = new() { Rank = 2, Targets = LoraTargets.Matching(@"up_blocks\..*to_[kv]$") },
        ["rslora"] = new() { Rank = 3, RsLora = true },
        ["dora"] = new() { Rank = 2, Dora = DoraNorm.PerOutput },
        ["dora per input"] = new() { Rank = 2, Dora = DoraNorm.PerInput, Targets = LoraTargets.Locon },
        ["pissa"] = new() { Rank = 2, Init = LoraInit.Pissa },
        ["vera"] = new() { Rank = 4, Kind = "vera" },
    };

    private static readonly Dictionary<string, string> NoNotes = [];

    public static TheoryData<string> Names => [.. Kinds.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Before_the_first_step_it_is_the_same_to_the_bit_in_every_kind_rank_and_layer(string kind)
    {
        var file = Made(kind);
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var options = From(file).ForBase(sd);
        using (var weights = TrainedWeights.Create(sd, options))
            weights.Save(At("again.safetensors"), NoNotes);
        Assert.Equal(Bytes(file), Bytes(At("again.safetensors")));
        // What the forecast and the card say is the file's shape too.
        var rank = Kinds[kind].Init == LoraInit.Pissa ? 4 : Kinds[kind].Rank;
        Assert.True(options.Lora.Rank == rank || options.Lora.Ranks.Any(rule => rule.Rank == rank));
        Assert.Equal((Kinds[kind].Kind, Kinds[kind].Dora), (options.Lora.Kind, options.Lora.Dora));
    }

    [Fact]
    public void It_learns_on_from_there()
    {
        var file = Made("lora", epochs: 40);
        var anew = Train(Plain with { Lora = Kinds["lora"], Seed = 9 });
        var on = Train(From(file) with { Seed = 9 });
        // The same pictures, noise and timesteps, seen by a LoRA that knows them already.
        Assert.True(on.History[0].Loss < anew.History[0].Loss, $"{on.History[0].Loss} is not below {anew.History[0].Loss}");
        var before = Bytes(file);
        Assert.Equal(before.Keys, Bytes(on.Output).Keys);
        Assert.Contains(Bytes(on.Output), pair => pair.Value != before[pair.Key]);
        Assert.Equal(before, Bytes(file));
    }

    [Fact]
    public void The_card_names_the_file_and_a_repeated_run_notices_another()
    {
        var file = Made("lora");
        var card = RunCard.Read(Train(From(file)).Card!);
        Assert.Equal((file, 3, "attention"), (card.Settings.Lora.Weights, card.Settings.Lora.Rank, card.Settings.Lora.Targets!.Name));
        Assert.Equal(64, card.NetworkWeightsHash!.Length);
        card.CheckSources();
        File.AppendAllText(file, " ");
        Assert.Contains(file, Assert.ThrowsAny<BadInputException>(card.CheckSources).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_began_so_goes_on_with_the_same_file_and_no_other()
    {
        var file = Made("lora");
        Train(From(file));
        var more = From(file) with { Intervals = new() { Epochs = 4 }, Saving = Plain.Saving with { Resume = true } };
        Assert.Equal(12, Train(more).History.Count);
        Assert.Contains("network_weights", Assert.ThrowsAny<BadInputException>(() =>
            Train(more with { Lora = new() { Rank = 3, Alpha = 2 } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_encoders_part_acts_and_stays_where_it_is_not_trained()
    {
        var file = Made("with the text encoder");
        var result = Train(From(file));
        var (before, after) = (Bytes(file), Bytes(result.Output));
        Assert.All(before.Where(pair => pair.Key.StartsWith("lora_te_", StringComparison.Ordinal)),
            pair => Assert.Equal(pair.Value, after[pair.Key]));
        Assert.Contains(result.Warnings, told => told.Contains("adapts the text encoder too", StringComparison.Ordinal));
        Assert.DoesNotContain(Train(From(file) with { TrainTextEncoder = true }).Warnings,
            told => told.Contains("adapts the text encoder too", StringComparison.Ordinal));
    }

    [Fact]
    public void What_contradicts_the_file_is_refused_with_what_it_has()
    {
        var file = Made("lora");
        Refused(From(file) with { Lora = new() { Weights = file, Rank = 16 } }, "Lora.Rank 16", "has 3");
        Refused(From(file) with { Lora = new() { Weights = file, Targets = LoraTargets.Locon } }, "Lora.Targets locon", "has attention");
        Refused(From(file) with { TrainTextEncoder = true }, "TrainTextEncoder", "UNet alone");
        Refused(From(At("none.safetensors")), "none.safetensors", "Lora.Weights");
        Refused(From(file) with { Method = TrainMethod.DreamBooth }, "Lora.Weights", "Method");
    }

    [Fact]
    public void A_file_for_another_base_is_refused_with_the_layer_that_does_not_fit()
    {
        var file = Made("lora");
        using (NewDisposeScope())
        {
            var tensors = Safetensors.Load(file);
            var first = tensors.Keys.First(name => name.EndsWith("lora_down.weight", StringComparison.Ordinal));
            tensors[first] = zeros(3, 7);
            Safetensors.Save(file, tensors);
        }

        Refused(From(file), "does not fit this base", "(3, 7)");
    }

    private TrainOptions Plain => Options with
    {
        Concepts = [Options.Concepts[0] with { ClassPrompt = null }],
        Learning = new() { Schedule = "constant" },
        Saving = Options.Saving with { As = ScalarType.Float32 },
    };

    private TrainOptions From(string file) => Plain with { Lora = new() { Weights = file } };

    private string Made(string kind, int epochs = 2) => Train(Plain with
    {
        Lora = Kinds[kind],
        TrainTextEncoder = kind == "with the text encoder",
        Intervals = new() { Epochs = epochs },
        Saving = Plain.Saving with { Output = At("first.safetensors") },
    }).Output;

    private string At(string name) => Path.Combine(Folder, name);

    private void Refused(TrainOptions options, string one, string other)
    {
        var sentence = Assert.ThrowsAny<BadInputException>(() => Train(options)).Message;
        Assert.Contains(one, sentence, StringComparison.Ordinal);
        Assert.Contains(other, sentence, StringComparison.Ordinal);
    }

    private static SortedDictionary<string, string> Bytes(string file)
    {
        using var scope = NewDisposeScope();
        return new(Safetensors.Load(file).ToDictionary(pair => pair.Key, pair => Convert.ToHexString(pair.Value.bytes)));
    }
}

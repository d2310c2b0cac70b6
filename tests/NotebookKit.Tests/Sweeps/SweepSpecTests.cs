using System.Text.Json.Nodes;
using NotebookKit.Sweeps;
using NotebookKit.Training.Memory;

namespace NotebookKit.Tests.Sweeps;

/// <summary>What a specification asks for, and the sentence for one that asks for nonsense.</summary>
public sealed class SweepSpecTests : IDisposable
{
    private static readonly string Mini = Path.Combine(House.Root, "data", "base-mini");

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Wrong => new()
    {
        { "[1]", "the whole must be an object {…}, not [1]." },
        { "{", "spec.json is no JSON:" },
        { """{"setings": {}}""", "there is no field 'setings'; did you mean settings?" },
        { """{"vary": {"rnak": [1]}}""", "there is no setting 'rnak'; did you mean rank" },
        { """{"vary": {"rank": []}}""", "\"rank\" in \"vary\" has no value; give at least one." },
        { """{"vary": {"rank": 4}}""", "\"rank\" in \"vary\" must be a list of values or a range" },
        { """{"vary": {"rank": [4, 4]}}""", "\"rank\" has the value 4 twice" },
        { """{"vary": {"rank": [0]}}""", "rank must be at least 1, not 0" },
        { """{"vary": {"rank": ["many"]}}""", "rank" },
        { """{"vary": {"rank": [[1]]}}""", "\"rank\" cannot be [1]; write it as run cards do" },
        { """{"vary": {"optimizer": ["adamm"]}}""", "did you mean adamw" },
        { """{"vary": {"output": ["a"]}}""", "output is the sweep's own to set; leave it out." },
        { """{"vary": {"rank": {"from": 1}}}""", "lacks \"to\"" },
        { """{"vary": {"rank": {"from": 1, "to": 2}}}""", "needs one of \"steps\"" },
        { """{"vary": {"rank": {"from": 1, "to": 2, "stps": 2}}}""", "has no field 'stps'; did you mean steps" },
        { """{"vary": {"schedule": {"from": 1, "to": 2, "steps": 2}}}""", "has no sense, as its values are no numbers" },
        { """{"vary": {"rank": [1]}, "points": [{"rank": 2}]}""", "varies rank in \"points\" and in \"vary\"" },
        { """{"points": []}""", "\"points\" must be a list such as" },
        { """{"seeds": 0}""", "\"seeds\" must be a whole number from 1 on, not 0." },
        { """{"seeds": [1, 1]}""", "\"seeds\" has a seed twice" },
        { """{"seeds": 2, "vary": {"seed": [1]}}""", "varies seed and gives \"seeds\"" },
        { """{"threads": "two"}""", "\"threads\" must be a whole number from 1 on" },
        { """{"settings": {"output": "x"}}""", "output is the sweep's own to set" },
        { """{"measure": {"picture": 3}}""", "\"measure\" has no field 'picture'; did you mean pictures" },
        { """{"measure": {"pictures": 2, "subject": "zwx", "protected": "toy", "probe": "p"}}""", "at least 3 pictures" },
        { """{"seeds": 10000, "vary": {"rank": {"from": 1, "to": 500, "by": 1}}}""", "asks for 5000000 points, and 1000000 are the most" },
        { """{"card": "none.card.json"}""", "There is no run card none.card.json" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_makes_no_sense_is_told_with_file_and_field(string json, string said)
    {
        var complaint = Assert.Throws<BadInputException>(() => Read(json)).Message;
        Assert.Contains(said, complaint, StringComparison.Ordinal);
        Assert.True(complaint.Contains(_folder["spec.json"], StringComparison.Ordinal) || said.StartsWith("There is no",
            StringComparison.Ordinal));
    }

    [Fact]
    public void Every_combination_is_a_point_and_the_seed_changes_fastest()
    {
        var spec = Read("""{"vary": {"rank": [2, 4], "lr": [1e-4, 1e-3]}, "seeds": [7, 8]}""");
        Assert.Equal(["rank 2, learning_rate 1e-4, seed 7", "rank 2, learning_rate 1e-4, seed 8", "rank 2, learning_rate 0.001, seed 7",
            "rank 2, learning_rate 0.001, seed 8", "rank 4, learning_rate 1e-4, seed 7", "rank 4, learning_rate 1e-4, seed 8",
            "rank 4, learning_rate 0.001, seed 7", "rank 4, learning_rate 0.001, seed 8"],
            Enumerable.Range(0, spec.Count).Select(number => spec.PointAt(number).ToString()));
        var last = spec.SettingsOf(spec.PointAt(7));
        Assert.Equal((4, 1e-3, 8UL), (last.Lora.Rank, last.Learning.Rate, last.Seed));
    }

    [Fact]
    public void Points_are_given_one_by_one_too_and_combined_with_what_varies()
    {
        var spec = Read("""{"points": [{"rank": 2, "alpha": 1}, {"rank": 8}], "vary": {"flip": [false, true]}}""");
        Assert.Equal(["rank 2, alpha 1, flip false", "rank 2, alpha 1, flip true", "rank 8, flip false", "rank 8, flip true"],
            Enumerable.Range(0, spec.Count).Select(number => spec.PointAt(number).ToString()));
        Assert.Equal(["rank", "alpha", "flip"], spec.Varied);
    }

    [Theory]
    [InlineData("""{"from": 0.1, "to": 0.5, "by": 0.1}""", "prior_loss_weight", "0.1 0.2 0.3 0.4 0.5")]
    [InlineData("""{"from": 1e-4, "to": 1e-2, "steps": 3, "log": true}""", "learning_rate", "1e-4 0.001 0.01")]
    [InlineData("""{"from": 2, "to": 32, "times": 2}""", "rank", "2 4 8 16 32")]
    [InlineData("""{"from": 1, "to": 3, "steps": 9}""", "rank", "1 2 3")]
    public void A_range_has_the_values_that_people_expect(string range, string setting, string values)
    {
        var spec = Read($$"""{"vary": {"{{setting}}": {{range}} } }""");
        Assert.Equal(values, string.Join(' ', Enumerable.Range(0, spec.Count).Select(number => spec.PointAt(number).Values[0].Text)));
    }

    [Fact]
    public void What_is_laid_out_is_read_again_as_it_was()
    {
        var spec = Read("""
            {"settings": {"instance_dir": "PHOTOS", "instance_prompt": "[filewords]", "class_prompt": "a photo of a toy", "lora_targets": "kohya"},
             "vary": {"optimizer": ["adamw", "lion"], "dora": [null, "per_output"], "save_as": ["float16"]}, "seeds": 2}
            """.Replace("PHOTOS", Path.Combine(House.Root, "data", "sample-rabbit"), StringComparison.Ordinal),
            Path.Combine(House.Root, "data", "probe"));
        Assert.Equal(("zwx rabbit toy", "toy"), (spec.Measure!.Subject, spec.Measure.Protected));
        var again = SweepFolder.Open(SweepFolder.Lay(_folder["sweep"], spec).Root).Spec;
        Assert.True(JsonNode.DeepEquals(spec.ToJson(), again.ToJson()));
        Assert.Equal(8, again.Count);
    }

    [Fact]
    public void A_folder_of_another_sweep_or_of_other_things_is_refused_and_left_alone()
    {
        SweepFolder.Lay(_folder["sweep"], Read(Photos("2, 4")));
        var other = Assert.Throws<BadInputException>(() => SweepFolder.Lay(_folder["sweep"], Read(Photos("2, 8"))));
        Assert.Contains("holds another sweep (its vary differs); give another folder as --out", other.Message, StringComparison.Ordinal);
        Assert.Contains("its epochs differs", Assert.Throws<BadInputException>(() => SweepFolder.Lay(_folder["sweep"],
            Read(Photos("2, 4", ", \"epochs\": 3")))).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["photos"]);
        File.WriteAllText(_folder["photos", "a.txt"], "");
        Assert.Contains("holds other things than a sweep", Assert.Throws<BadInputException>(() => SweepFolder.Lay(_folder["photos"],
            Read(Photos("2")))).Message, StringComparison.Ordinal);
        Assert.Contains("is no folder of a sweep", Assert.Throws<BadInputException>(() => Sweep.Open(_folder["photos"])).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 1, 0, 2_000_000_000L, 2)] // two fit into 5 GB
    [InlineData(null, 1, 0, 9_000_000_000L, 1)] // one runs in any case: what does not fit at all was refused before
    [InlineData(5, 1, 0, 9_000_000_000L, 5)]
    [InlineData(null, 1, 3, 9_000_000_000L, 3)] // one for each GPU
    public void As_many_run_at_once_as_cores_and_memory_allow(int? wanted, int threads, int gpus, long needed, int workers) =>
        Assert.Equal(gpus > 0 || wanted is not null ? workers : Math.Min(workers, Math.Max(1, Environment.ProcessorCount / threads)),
            LocalSweep.Workers(wanted, threads, gpus, needed, new MachineMemory(8_000_000_000, 5_000_000_000)));

    private static string Photos(string ranks, string more = "") =>
        $$$"""{"settings": {"instance_dir": "{{{Path.Combine(House.Root, "data", "sample-rabbit")}}}"{{{more}}}}, "vary": {"rank": [{{{ranks}}}]}}""";

    private SweepSpec Read(string json, string? probe = null)
    {
        File.WriteAllText(_folder["spec.json"], json);
        return SweepSpec.Read(_folder["spec.json"], Mini, probe);
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class ClipTokenizerTests
{
    private static readonly ClipTokenizer Tokenizer = ClipTokenizer.Default;

    [Fact]
    public void Every_reference_prompt_gets_the_reference_ids()
    {
        var mismatches = new List<string>();
        var prompts = Read("prompts.json");
        foreach (var row in prompts)
        {
            var prompt = row.GetProperty("prompt").GetString()!;
            var fast = row.TryGetProperty("ids_fast", out var ids);
            var expected = Ints(fast ? ids : row.GetProperty("ids"));
            Compare(mismatches, prompt, "ids", expected, Tokenizer.Encode(prompt));
            if (fast)
                continue;
            Compare(mismatches, prompt, "ids_77", Ints(row.GetProperty("ids_77")), Tokenizer.EncodePadded(prompt));
            Compare(mismatches, prompt, "mask_77", Ints(row.GetProperty("mask_77")), Tokenizer.AttentionMask(prompt));
            Compare(mismatches, prompt, "tokens", row.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()!),
                Tokenizer.Tokenize(prompt));
        }

        Assert.Equal(358, prompts.Count);
        Assert.Empty(mismatches);
    }

    [Fact]
    public void A_folder_with_another_padding_token_pads_with_it()
    {
        var folder = Directory.CreateTempSubdirectory("kit-tokenizer-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer_config.json"), """{"pad_token": "!", "model_max_length": 77}""");
            var padded = ClipTokenizer.Load(folder.FullName);
            Assert.Equal(0, padded.PadTokenId);
            var mismatches = new List<string>();
            foreach (var row in Read("pad_token_0.json"))
            {
                var prompt = row.GetProperty("prompt").GetString()!;
                Compare(mismatches, prompt, "ids_77", Ints(row.GetProperty("ids_77")), padded.EncodePadded(prompt));
            }

            Assert.Empty(mismatches);

            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer_config.json"), """{"pad_token": {"content": "<|endoftext|>"}}""");
            Assert.Equal(49407, ClipTokenizer.Load(folder.FullName).PadTokenId);
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer_config.json"), """{"pad_token": "no such token"}""");
            Assert.Contains("no such token", Assert.Throws<BadInputException>(() => ClipTokenizer.Load(folder.FullName)).Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Decoding_puts_the_spaces_where_the_reference_does()
    {
        var mismatches = new List<string>();
        foreach (var row in Read("decode.json"))
        {
            var ids = Ints(row.GetProperty("ids"));
            Compare(mismatches, string.Join(',', ids), "text", [row.GetProperty("decode_skip_special").GetString()!],
                [Tokenizer.Decode(ids)]);
        }

        Assert.Empty(mismatches);
        Assert.Equal("<|startoftext|> a photo <|endoftext|>", Tokenizer.Decode([49406, 320, 1125, 49407], skipSpecialTokens: false));
    }

    [Fact]
    public void A_long_prompt_keeps_75_tokens_between_start_and_end()
    {
        var ids = Tokenizer.EncodePadded(string.Concat(Enumerable.Repeat("dog ", 100)));
        Assert.Equal(77, ids.Length);
        Assert.Equal((49406, 49407), (ids[0], ids[76]));
        Assert.All(ids[1..76], id => Assert.Equal(1929, id));
    }

    [Fact]
    public void Letters_and_marks_are_composed_before_they_are_encoded()
    {
        Assert.Equal(Tokenizer.Encode("caf\u00e9"), Tokenizer.Encode("cafe\u0301"));
        Assert.Equal(Tokenizer.Encode("\uac01"), Tokenizer.Encode("\u1100\u1161\u11a8"));
        Assert.Equal(Tokenizer.Encode("\u1e69"), Tokenizer.Encode("s\u0307\u0323")); // marks in the other order
        Assert.NotEqual(Tokenizer.Encode("\u0915\u093c"), Tokenizer.Encode("\u0915")); // excluded from composition, kept apart
    }

    [Fact]
    public void A_special_token_inside_a_prompt_stands_for_itself()
    {
        Assert.Equal([49406, 12, 49407, 320, 49407], Tokenizer.Encode("-<|endoftext|>a").Select(id => id == 268 ? 12 : id));
        Assert.Equal([49406, 320, 49406, 49407], Tokenizer.Encode("a<|startoftext|>"));
    }

    [Fact]
    public void Start_and_end_stand_for_themselves_in_any_case_beside_punctuation_too()
    {
        Assert.Equal([49406, 678, 49406, 38044, 14236, 49407], ClipTokenizer.Default.Encode("...<|STARTOFTEXT|>willem\u2015 "));
        Assert.Equal([49406, 49407, 49407], ClipTokenizer.Default.Encode("<|EndOfText|>"));
    }

    [Fact]
    public void Many_threads_get_the_same_ids()
    {
        var fresh = new ClipTokenizer(Tokenizer.Vocabulary);
        var prompts = Read("prompts.json").Select(row => row.GetProperty("prompt").GetString()!).ToArray();
        var expected = prompts.Select(prompt => Tokenizer.Encode(prompt)).ToArray();
        Parallel.For(0, 8 * prompts.Length, i => Assert.Equal(expected[i % prompts.Length], fresh.Encode(prompts[i % prompts.Length])));
    }

    [Fact]
    public void The_merge_trace_ends_in_the_tokens()
    {
        var trace = Tokenizer.Trace("tangrabbittoy");
        Assert.Equal(["tan", "gra", "bb", "it", "toy</w>"], trace.Pieces);
        Assert.Equal(13, trace.Letters.Count);
        Assert.Equal(trace.Pieces, trace.Steps[^1].Pieces);
        Assert.Equal(trace.Steps.Min(step => step.Rank), trace.Steps[0].Rank);
        foreach (var step in trace.Steps)
        {
            Assert.Contains(step.Left + step.Right, step.Pieces);
            Assert.Equal(step.Rank, Tokenizer.Vocabulary.RankOfPair(step.Left, step.Right));
        }

        Assert.Equal(["sks</w>"], Tokenizer.Trace("SKS").Pieces);
        Assert.Contains("2 words", Assert.Throws<BadInputException>(() => Tokenizer.Trace("two words")).Message);
        Assert.Throws<BadInputException>(() => Tokenizer.Trace(" "));
    }

    [Fact]
    public void A_missing_or_damaged_vocabulary_is_one_sentence()
    {
        var file = Path.GetTempFileName();
        try
        {
            var real = File.ReadAllLines(ClipVocabulary.FindShipped());
            File.WriteAllLines(file, real.Where((_, i) => i != 1)); // the first merge is gone: "in" is never made
            Assert.Contains("damaged", Refusal());
            File.WriteAllLines(file, real.Take(1).Concat(real.Skip(1).Reverse()));
            Assert.Contains("joins a piece that no line before it makes", Refusal());
            File.WriteAllLines(file, real[..1000]);
            Assert.Contains("999 merges, and CLIP has 48894", Refusal());
            File.WriteAllLines(file, real.Take(1000).Append(real[500]).Concat(real.Skip(1000)));
            Assert.Contains("another line makes", Refusal());
            File.WriteAllText(file, "<html>not found</html>");
            Assert.Contains(file, Refusal());
            File.WriteAllText(file, "");
            Assert.Contains("no merges", Refusal());
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Contains(file, Refusal());
        Assert.Contains("no/such", Assert.Throws<BadInputException>(() => ClipTokenizer.Load("no/such")).Message);

        string Refusal() => Assert.Throws<BadInputException>(() => ClipVocabulary.Load(file)).Message;
    }

    [Fact]
    public void The_vocabulary_is_CLIPs_and_lies_where_diffusers_looks_for_it()
    {
        var folder = Path.Combine(House.Root, "data", "base-mini", "tokenizer");
        Assert.Equal("9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
            Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "merges.txt")))));
        using var ids = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "vocab.json")));
        Assert.Equal(Enumerable.Range(0, 49408).Select(id => (Tokenizer.TokenOf(id), id)),
            ids.RootElement.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetInt32())));
        Assert.Contains("MIT License", File.ReadAllText(Path.Combine(folder, "LICENSE")));
    }

    [Fact]
    public void The_merges_that_are_shown_are_those_that_are_made()
    {
        var random = new Random(3);
        string[] parts = ["a", "rab", "bit", "zx", "ph", "oto", "é", "兔", "ſ", "🐇"];
        for (var i = 0; i < 3000; i++)
        {
            var word = Tokenizer.WordsOf(string.Concat(Enumerable.Range(0, 1 + random.Next(9))
                .Select(_ => parts[random.Next(parts.Length)]))).First();
            Assert.Equal(Tokenizer.Trace(word).Pieces, Tokenizer.Tokenize(word));
        }
    }

    [Fact]
    public void A_word_longer_than_CLIP_could_ever_read_is_refused_in_one_sentence()
    {
        Assert.Equal(Tokenizer.Trace(new string('a', 10_000)).Pieces, Tokenizer.Tokenize(new string('a', 10_000)));
        Assert.Contains("10001 bytes",
            Assert.Throws<BadInputException>(() => Tokenizer.Encode("a photo of " + new string('a', 10_001))).Message);
        Assert.Contains("兔兔", Assert.Throws<BadInputException>(() => Tokenizer.Encode(new string('兔', 4_000))).Message);
    }

    private static void Compare<T>(List<string> mismatches, string prompt, string what, IEnumerable<T> expected, IEnumerable<T> actual)
    {
        if (!expected.SequenceEqual(actual))
            mismatches.Add($"{what} of {JsonSerializer.Serialize(prompt)}: expected {string.Join(' ', expected)}; got "
                + $"{string.Join(' ', actual)}");
    }

    private static List<JsonElement> Read(string file) =>
        [.. JsonDocument.Parse(File.ReadAllBytes(House.Golden("tokenizer", file))).RootElement.EnumerateArray()];

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];
}

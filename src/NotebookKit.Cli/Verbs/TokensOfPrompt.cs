using System.Text.Json;
using NotebookKit.Text;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit tokens --prompt</c>: a prompt taken apart as sampling will, down to ids and weights.</summary>
internal static class TokensOfPrompt
{
    public static void Show(string prompt, int steps, bool json)
    {
        if (steps is < 1 or > 1000)
            throw new BadInputException($"--steps {steps} is not possible; take 1 to 1000.");
        var tokenizer = ClipTokenizer.Default;
        var (text, tags) = ExtraNetworkTag.TakeOut(prompt);
        var parts = SubPrompt.Split(text).Select(part => (part.Weight, Stretches: PromptSchedule.Parse(part.Text, steps).Stretches
            .Select(stretch => (stretch.LastStep, stretch.Text, Chunks: PromptChunk.Cut(tokenizer, stretch.Text))).ToList())).ToList();
        if (json)
        {
            var first = parts[0].Stretches[0].Chunks;
            int[] ids = [tokenizer.BosTokenId, .. first.SelectMany(chunk => chunk.Ids.Skip(1).Take(chunk.Count)), tokenizer.EosTokenId];
            double[] weights = [1, .. first.SelectMany(chunk => chunk.Weights.Skip(1).Take(chunk.Count)), 1];
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    Prompt = prompt,
                    Ids = ids,
                    Tokens = ids.Select(tokenizer.TokenOf),
                    Weights = weights,
                    Chunks = first,
                    Loras = tags.Where(tag => tag.IsLora).Select(tag => tag.ToLora())
                        .Select(lora => new { lora.Name, Te = lora.TextEncoder, Unet = lora.UNet, Dyn = lora.Rank }),
                    OtherTags = tags.Where(tag => !tag.IsLora).Select(tag => tag.Text),
                    Parts = parts.Select(part => new
                    {
                        part.Weight,
                        Schedule = part.Stretches.Select(stretch => new { stretch.LastStep, stretch.Text, stretch.Chunks })
                    }),
                },
                Verb.Json));
            return;
        }

        foreach (var tag in tags)
            Console.WriteLine(tag.IsLora ? tag.ToLora().ToString() : $"{tag.Text}: a kind of tag that the kit does not know, left out");
        foreach (var (weight, stretches) in parts)
        {
            if (parts.Count > 1 || weight != 1)
                Console.WriteLine(FormattableString.Invariant($"sub-prompt of weight {weight:0.###}"));
            var from = 1;
            foreach (var (last, said, chunks) in stretches)
            {
                if (stretches.Count > 1)
                    Console.WriteLine($"steps {from} to {last} of {steps}: {said}");
                Show(tokenizer, chunks);
                from = last + 1;
            }
        }
    }

    private static void Show(ClipTokenizer tokenizer, IReadOnlyList<PromptChunk> chunks)
    {
        for (var c = 0; c < chunks.Count; c++)
        {
            var chunk = chunks[c];
            for (var i = 0; i < chunk.Count + 2; i++)
                Console.WriteLine(FormattableString.Invariant(
                    $"  {i,4}  {chunk.Ids[i],6}  {tokenizer.TokenOf(chunk.Ids[i])}{Weight(chunk.Weights[i])}"));
            Console.WriteLine($"{(chunks.Count > 1 ? $"chunk {c + 1}: " : "")}{chunk.Count} of {PromptChunk.Capacity} tokens");
        }

        static string Weight(double weight) => weight == 1 ? "" : FormattableString.Invariant($"  × {weight:0.###}");
    }
}

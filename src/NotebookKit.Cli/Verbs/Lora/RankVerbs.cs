using System.CommandLine;
using NotebookKit.Lora;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora rank</c>: how many numbers two thin matrices save.</summary>
internal static class RankVerb
{
    public static Command Create()
    {
        var rows = new Option<long>("--rows") { DefaultValueFactory = _ => 1000, Description = "rows of the matrix" };
        var columns = new Option<long>("--columns") { DefaultValueFactory = _ => 2000, Description = "columns of the matrix" };
        var rank = new Option<long>("--rank") { DefaultValueFactory = _ => 2, Description = "the thin side" };
        var command = new Command("rank", "Count the numbers of a matrix and of the two thin ones that stand for it.") { rows, columns,
            rank };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var (m, n, r) = (parse.GetValue(rows), parse.GetValue(columns), parse.GetValue(rank));
            if (m is < 1 or > int.MaxValue || n is < 1 or > int.MaxValue || r < 1 || r > Math.Min(m, n))
                throw new BadInputException(
                    $"A matrix of {m}×{n} has no rank {r}; rows and columns are at least 1, the rank from 1 to the smaller of them.");
            var result = new
            {
                Rows = m,
                Columns = n,
                Rank = r,
                Whole = m * n,
                LowRank = LowRank.Numbers(m, n, r),
                Saving = LowRank.Saving(m, n, r)
            };
            return Answer(parse.GetValue(json), result, Say($"{m}×{n} is {result.Whole:N0} numbers; {m}×{r} and {r}×{n} are ",
                $"{result.LowRank:N0}, {Math.Floor(result.Saving):0} times fewer"));
        });
        return command;
    }
}

/// <summary><c>kit lora spectrum</c>: how much of a LoRA's rank is used.</summary>
internal static class SpectrumVerb
{
    public static Command Create()
    {
        var file = FileArgument();
        var share = new Option<double>("--energy")
        {
            DefaultValueFactory = _ => 0.95,
            Description = "tell the rank that keeps this share of the energy"
        };
        var strict = StrictOption();
        var command = new Command("spectrum", "Show the singular values of each layer's change, and the rank it really uses.") { file,
            share, strict };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var scope = NewDisposeScope();
            if (parse.GetValue(share) is not (> 0 and <= 1))
                throw new BadInputException("--energy must be above 0 and at most 1, such as 0.95.");
            var layers = LoraSpectrum.Of(Read(parse.GetValue(file)!, parse.GetValue(strict)));
            var rows = layers.Select(layer => new
            {
                layer.Module,
                layer.Rank,
                Needed = LowRank.RankFor(layer.SingularValues, parse.GetValue(share)),
                layer.StableRank,
                layer.SingularValues
            }).ToList();
            return Answer(parse.GetValue(json), new { Energy = parse.GetValue(share), Layers = rows },
                rows.Select(row => Say($"{row.Needed,4} of {row.Rank,-4} stable rank {row.StableRank,6:0.0}   {row.Module}")));
        });
        return command;
    }
}

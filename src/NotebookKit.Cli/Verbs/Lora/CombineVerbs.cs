using System.CommandLine;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Lora.Use;
using NotebookKit.Pipeline;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora combine</c>: one LoRA of several.</summary>
internal static class CombineVerb
{
    public static Command Create()
    {
        var loras = new Argument<string[]>("LORA")
        {
            Description = "NAME[:MULTIPLIER] of a file below loras/, or a path",
            Arity = ArgumentArity.OneOrMore
        };
        var rank = new Option<int?>("--rank") { Description = "the largest rank to have; left out, the ranks add up and nothing is lost" };
        var output = OutOption("the .safetensors to write");
        var dtype = DtypeOption();
        var strict = StrictOption();
        var command = new Command("combine", "Make one LoRA of several, each at its multiplier.") { loras, rank, output, dtype, strict };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var scope = NewDisposeScope();
            var parts = parse.GetValue(loras)!.Select(text => LoraReference.Parse(text))
                .Select(lora => (Read(lora.Path, parse.GetValue(strict)), lora.Multiplier)).ToList();
            var combined = LoraCombine.Of(parts, parse.GetValue(rank));
            foreach (var problem in combined.Problems)
                Console.Error.WriteLine($"note: {problem}");
            combined.Write(parse.GetValue(output)!, Dtype(parse.GetValue(dtype)!));
            return Answer(parse.GetValue(json), new
            {
                Path = parse.GetValue(output),
                Modules = combined.Modules.Count,
                Rank = combined.Modules.Max(module => module.Rank),
                Bytes = new FileInfo(parse.GetValue(output)!).Length
            },
                Say($"{parse.GetValue(output)}: {combined.Modules.Count} layers, rank up to {combined.Modules.Max(m => m.Rank)}"));
        });
        return command;
    }
}

/// <summary><c>kit lora extract</c>: a LoRA of what fine-tuning changed.</summary>
internal static class ExtractVerb
{
    public static Command Create()
    {
        var original = new Option<string>("--original") { Description = "the base model's folder", Required = true };
        var tuned = new Option<string>("--tuned") { Description = "the folder of the model fine-tuned from it", Required = true };
        var targets = new Option<string>("--targets")
        {
            DefaultValueFactory = _ => "locon",
            Description = $"{string.Join(", ", LoraTargets.Named)}, or a pattern over the layers' paths"
        };
        var rank = new Option<int>("--rank") { DefaultValueFactory = _ => 32, Description = "the rank" };
        var convRank = new Option<int?>("--conv-rank") { Description = "the rank of 3×3 convolutions (that of the others)" };
        var output = OutOption("the .safetensors to write");
        var dtype = DtypeOption();
        var command = new Command("extract", "Take a LoRA out of two models: what fine-tuning changed, at a rank.") { original, tuned,
            targets, rank, convRank, output, dtype };
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, cancel)));
        return command;

        int Run(ParseResult parse, CancellationToken cancel)
        {
            using var scope = NewDisposeScope();
            var type = Dtype(parse.GetValue(dtype)!);
            var options = new LoraOptions
            {
                Rank = parse.GetValue(rank),
                ConvRank = parse.GetValue(convRank),
                Targets = LoraTargets.Parse(parse.GetValue(targets)!)
            };
            using var before = StableDiffusion.Load(parse.GetValue(original)!);
            using var after = StableDiffusion.Load(parse.GetValue(tuned)!);
            var extract = LoraExtract.Of(before, after, options, CountPrinter.For("layer"), cancel);
            extract.File.Write(parse.GetValue(output)!, type);
            return Answer(parse.GetValue(json), new
            {
                Path = parse.GetValue(output),
                Modules = extract.File.Modules.Count,
                extract.Energy,
                extract.LeftOut,
                extract.Unchanged,
                Bytes = new FileInfo(parse.GetValue(output)!).Length
            },
                Say($"{parse.GetValue(output)}: {extract.File.Modules.Count} layers, {extract.Energy:P2} of their change's energy; ",
                    $"{extract.LeftOut:P2} of all change lies elsewhere; {extract.Unchanged} layers unchanged"));
        }
    }
}

/// <summary><c>kit lora resize</c>: a smaller LoRA.</summary>
internal static class ResizeVerb
{
    public static Command Create()
    {
        var file = FileArgument();
        var rank = new Option<int?>("--rank") { Description = "the largest rank to have" };
        var energy = new Option<double?>("--energy") { Description = "as few directions as keep this share of the energy Σσ²" };
        var frobenius = new Option<double?>("--frobenius") { Description = "as few as keep this share of Frobenius' norm" };
        var cumulative = new Option<double?>("--cumulative") { Description = "as few as keep this share of the sum Σσ" };
        var output = OutOption("the .safetensors to write");
        var dtype = DtypeOption();
        var strict = StrictOption();
        var command = new Command("resize", "Make a LoRA smaller: to a rank, or to the share that is to be kept.") { file, rank, energy,
            frobenius, cumulative, output, dtype, strict };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var scope = NewDisposeScope();
            var target = new ResizeTarget
            {
                Rank = parse.GetValue(rank),
                Energy = parse.GetValue(energy),
                Frobenius = parse.GetValue(frobenius),
                Cumulative = parse.GetValue(cumulative)
            };
            var before = Read(parse.GetValue(file)!, parse.GetValue(strict));
            var resized = LoraResize.Of(before, target);
            resized.File.Write(parse.GetValue(output)!, Dtype(parse.GetValue(dtype)!));
            var (old, now) = (new FileInfo(before.Path).Length, new FileInfo(parse.GetValue(output)!).Length);
            return Answer(parse.GetValue(json),
                new { Path = parse.GetValue(output), resized.Energy, resized.Kept, Bytes = now, BytesBefore = old, resized.Ranks },
                Say($"{parse.GetValue(output)}: {old / 1e6:0.00} MB became {now / 1e6:0.00} MB, ",
                    resized.Energy is { } share ? (FormattableString)$"{share:P2} of the energy kept; {resized.Kept} layers as they were"
                    : $"nothing made smaller: only LoRA can be resized, and its {resized.Kept} layers are of other kinds"));
        });
        return command;
    }
}

/// <summary><c>kit lora convert</c>: the same LoRA in another format or precision.</summary>
internal static class ConvertVerb
{
    public static Command Create()
    {
        var file = FileArgument();
        var to = new Option<string>("--to") { DefaultValueFactory = _ => "kohya", Description = "kohya, peft or diffusers" };
        var model = BaseOption.Optional("for files without layer names");
        var output = OutOption("the .safetensors to write");
        var dtype = DtypeOption();
        var strict = StrictOption();
        var command = new Command("convert", "Write a LoRA in another format or precision.") { file, to, model, output, dtype, strict };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var scope = NewDisposeScope();
            if (!Enum.TryParse<LoraFormat>(parse.GetValue(to), ignoreCase: true, out var format) || int.TryParse(parse.GetValue(to), out _))
                throw new BadInputException(
                    $"--to '{parse.GetValue(to)}' is no format; {NearestName.Hint(parse.GetValue(to)!, ["kohya", "peft", "diffusers"])}");
            var lora = Read(parse.GetValue(file)!, parse.GetValue(strict));
            using var sd = parse.GetValue(model) is { } folder ? StableDiffusion.Load(folder) : null;
            lora = Named(lora, sd);
            lora.Write(parse.GetValue(output)!, Dtype(parse.GetValue(dtype)!), format);
            return Answer(parse.GetValue(json),
                new { Path = parse.GetValue(output), Modules = lora.Modules.Count, Bytes = new FileInfo(parse.GetValue(output)!).Length },
                $"{parse.GetValue(output)}: {lora.Modules.Count} layers as {format} names them");
        });
        return command;
    }
}

/// <summary><c>kit lora compare</c>: how far two LoRAs agree.</summary>
internal static class CompareVerb
{
    public static Command Create()
    {
        var first = new Argument<string>("FIRST") { Description = "a LoRA" };
        var second = new Argument<string>("SECOND") { Description = "another" };
        var strict = StrictOption();
        var command = new Command("compare", "Compare the changes that two LoRAs make, whatever their ranks and formats.") { first, second,
            strict };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            using var scope = NewDisposeScope();
            var compare = LoraCompare.Of(Read(parse.GetValue(first)!, parse.GetValue(strict)),
                Read(parse.GetValue(second)!, parse.GetValue(strict)));
            var lines = compare.Layers.Where(layer => layer.Difference > 0).OrderByDescending(layer => layer.Difference).Take(10)
                .Select(layer => Say($"  {layer.Module}: cosine {layer.Cosine ?? 0:0.000}, difference {layer.Difference:0.###}"));
            return Answer(parse.GetValue(json),
                new { compare.Cosine, compare.Difference, compare.OnlyFirst, compare.OnlySecond, compare.Layers },
                [Say($"cosine {compare.Cosine:0.0000}, relative difference {compare.Difference:0.####}; {compare.OnlyFirst.Count()} ",
                    $"layers only in the first, {compare.OnlySecond.Count()} only in the second"), .. lines]);
        });
        return command;
    }
}

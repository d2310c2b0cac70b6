using System.CommandLine;
using NotebookKit.Lora;
using NotebookKit.Models;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora size</c>: how large a file will be, to the byte, before training.</summary>
internal static class SizeVerb
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { DefaultValueFactory = _ => "sd15", Description = "sd15, or a model's folder" };
        var targets = new Option<string>("--targets")
        {
            DefaultValueFactory = _ => "kohya",
            Description = $"{string.Join(", ", LoraTargets.Named)}, or a pattern over the layers' paths"
        };
        var rank = new Option<int>("--rank") { DefaultValueFactory = _ => 32, Description = "the rank" };
        var convRank = new Option<int?>("--conv-rank") { Description = "the rank of 3×3 convolutions (that of the others)" };
        var noText = new Option<bool>("--no-text-encoder") { Description = "the UNet alone" };
        var dora = new Option<bool>("--dora") { Description = "with DoRA's lengths" };
        var dtype = DtypeOption();
        var command = new Command("size", "Tell the size of a LoRA file to the byte, before anything is trained.") { model, targets, rank,
            convRank, noText, dora, dtype };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var (unet, text) = Shapes(parse.GetValue(model)!);
            var options = new LoraOptions
            {
                Rank = parse.GetValue(rank),
                ConvRank = parse.GetValue(convRank),
                Targets = LoraTargets.Parse(parse.GetValue(targets)!),
                Dora = parse.GetValue(dora) ? DoraNorm.PerOutput : null
            };
            var size = LoraSize.Of(unet, parse.GetValue(noText) ? null : text, options, Dtype(parse.GetValue(dtype)!));
            if (size.Modules == 0)
                throw new BadInputException($"No layer of {parse.GetValue(model)} is among the targets '{options.Targets}'; name a set "
                    + $"({string.Join(", ", LoraTargets.Named)}) or another pattern.");
            return Answer(parse.GetValue(json), size,
                Say($"{size.Modules} layers, {size.Parameters:N0} parameters: {size.FileBytes:N0} bytes ({size.FileBytes / 1e6:0.0} MB), ",
                    $"of which tensors {size.PayloadBytes:N0}; notes in the file add some hundred to some thousand bytes"));
        });
        return command;
    }

    /// <summary>The configurations of a model: of SD 1.5 by name, of another by its folder.</summary>
    public static (UNet2DConditionConfig UNet, CLIPTextConfig Text) Shapes(string model) =>
        model.Equals("sd15", StringComparison.OrdinalIgnoreCase) ? (Sd15.UNet, Sd15.TextEncoder)
        : Directory.Exists(model)
        ? (UNet2DConditionConfig.Load(Path.Combine(model, "unet", "config.json")),
            CLIPTextConfig.Load(Path.Combine(model, "text_encoder", "config.json")))
        : throw new BadInputException($"--model {model} is neither sd15 nor a folder with a model.");
}

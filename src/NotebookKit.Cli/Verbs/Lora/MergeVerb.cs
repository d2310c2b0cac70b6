using System.CommandLine;
using NotebookKit.Lora;
using NotebookKit.Lora.Use;
using NotebookKit.Pipeline;
using static NotebookKit.Cli.Verbs.Lora.LoraVerb;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora merge</c>: a model with LoRAs in its weights.</summary>
internal static class MergeVerb
{
    public static Command Create()
    {
        var loras = new Argument<string[]>("LORA")
        { Description = "NAME[:MULTIPLIER] of a file below loras/, or a path; several are added up", Arity = ArgumentArity.OneOrMore };
        var model = BaseOption.Create();
        var on = DeviceOption.Create();
        var output = OutOption("the new model: a .safetensors or .ckpt file for the web UI, or else a folder for diffusers");
        var dtype = DtypeOption();
        var strict = StrictOption();
        var command = new Command("merge", "Add LoRAs to a model's weights and save it as a model of its own.") { loras, model, on, output,
            dtype, strict };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var type = Dtype(parse.GetValue(dtype)!);
            var references = parse.GetValue(loras)!.Select(text => LoraReference.Parse(text)).ToList();
            using var sd = StableDiffusion.Load(parse.GetValue(model)!, DeviceOption.Of(parse.GetValue(on)));
            var networks = references.Select(lora => LoraNetwork.Load(lora.Path, sd, lora.Multiplier, parse.GetValue(strict))).ToList();
            foreach (var problem in networks.SelectMany(network => network.Problems))
                Console.Error.WriteLine($"left out: {problem}");
            foreach (var word in networks.SelectMany(network => network.Words))
                Console.Error.WriteLine($"left out: the word {word.Token}, for which a model has no place; keep the LoRA's file for it");
            var hooked = Probe(sd);
            double merged;
            using (hooked)
            {
                foreach (var network in networks)
                    network.Merge();
                using var after = Probe(sd);
                merged = (hooked - after).abs().max().item<float>();
            }

            sd.Save(parse.GetValue(output)!, type);
            networks.ForEach(network => network.Dispose());
            return Answer(parse.GetValue(json), new { Path = parse.GetValue(output), Loras = networks.Count, MaxDifference = merged },
                parse.GetValue(output)!, Say($"merged in float32 it predicts what the adapters did, up to {merged:0.#E+0}"));
        });
        return command;
    }

    // The UNet's prediction for fixed latents under a fixed prompt.
    private static Tensor Probe(StableDiffusion sd)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        using var random = new Generator(1);
        var side = Math.Min(sd.UNet.Config.SampleSize ?? 64, 32);
        var states = sd.EncodePrompts(["a photo"]);
        return sd.UNet.call(randn([1, sd.UNet.Config.InChannels, side, side], generator: random).to(sd.Device),
            tensor(new[] { 500f }, device: sd.Device), states).MoveToOuterDisposeScope();
    }
}

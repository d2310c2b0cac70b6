using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit convert SOURCE TARGET</c>: a model from one layout into another.</summary>
internal static class ConvertVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var source = new Argument<string>("SOURCE")
        { Description = "a model folder, a .safetensors or .ckpt file, or a model's name on the hub" };
        var target = new Argument<string>("TARGET")
        { Description = "a .safetensors or .ckpt file for the web UI, or else a folder for diffusers" };
        var full = new Option<bool>("--full")
        { Description = "store float32; float16 otherwise, which draws the same and is half the size" };
        var ema = new Option<bool>("--ema") { Description = "take the averaged (EMA) weights of a file that has them" };
        var command = new Command("convert",
            "Write a model in another layout: one file, or a folder; weights alone, without a training's leftovers.") { source, target,
                full, ema };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var clock = Stopwatch.StartNew();
            var (from, to) = (parse.GetValue(source)!, parse.GetValue(target)!);
            if (Path.GetFullPath(from) == Path.GetFullPath(to))
                throw new BadInputException($"{to} is the source itself; name another target.");
            var dtype = parse.GetValue(full) ? ScalarType.Float32 : ScalarType.Float16;
            using (var model = StableDiffusion.Load(from, dtype: dtype, options: new LoadOptions { UseEma = parse.GetValue(ema) }))
                model.Save(to, dtype);
            var bytes = File.Exists(to) ? new FileInfo(to).Length
                : new DirectoryInfo(to).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            var result = new { Path = to, Bytes = bytes, Seconds = clock.Elapsed.TotalSeconds };
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(result, Verb.Json)
                : string.Create(CultureInfo.InvariantCulture, $"{to}: {bytes / 1e6:0.0} MB in {result.Seconds:0.0} s"));
            return 0;
        });
        return command;
    }
}

using System.Text;

namespace NotebookKit.Tests.Cli;

/// <summary>wrong-inputs.md: what every verb says to wrong inputs, on one page for people to read.</summary>
[Collection("Console")]
public sealed class WrongInputsTests : IDisposable
{
    private static readonly string Page = Path.Combine(House.Root, "tests", "NotebookKit.Tests", "Cli", "wrong-inputs.md");

    // What stands where a LoRA, a model or a picture is asked for.
    private static readonly string[] WrongFiles = ["none.safetensors", "text.safetensors", "empty.safetensors", "page.safetensors",
        "cut.safetensors", "lfs.safetensors", "text.ckpt", "empty.pt", "empty-folder", "./none", "none.png"];

    private static readonly (string Verb, string[] Before, string[] After)[] Takers =
    [
        ("lora info", [], []),
        ("lora spectrum", [], []),
        ("lora merge", [], ["--out", "out.safetensors", "--base", "none-base"]),
        ("lora combine", [], ["--out", "out.safetensors"]),
        ("lora resize", [], ["--rank", "2", "--out", "out.safetensors"]),
        ("lora convert", [], ["--out", "out.safetensors"]),
        ("lora compare", [], ["none.safetensors"]),
        ("lora xyz", [], ["--prompt", "a dog"]),
        ("inspect", [], []),
        ("convert", [], ["out.safetensors"]),
        ("sample --prompt dog --base", [], []),
        ("tokens --draw out.png zwx --base", [], []),
        ("forecast --base", [], []),
        ("train --instance-dir empty-folder --instance-prompt zwx --out out.safetensors --base", [], []),
        ("captions --instance-prompt zwx", [], []),
        ("lora size --model", [], []),
        ("sweep", [], ["--out", "out"]),
        ("export-config --for kohya", [], []),
        ("import-config", [], []),
    ];

    private static readonly string[] WrongNumbers = ["-1", "abc", "NaN"];

    private static readonly (string Verb, string[] Flags)[] Numbers =
    [
        ("lr --total 10", ["--lr", "--lr-end", "--warmup", "--cycles", "--power", "--schedule"]),
        ("forecast", ["--rank", "--batch", "--size", "--memory", "--alpha", "--accumulation", "--dtype", "--method"]),
        ("lora size", ["--rank", "--conv-rank", "--dtype"]),
        ("lora rank", ["--rows", "--columns", "--rank"]),
        ("sample --prompt dog", ["--steps", "--cfg", "--size", "--count", "--batch", "--sampler", "--eta", "--clip-skip"]),
        ("train --instance-dir empty-folder --instance-prompt zwx --out out.safetensors", ["--lr",
            "--epochs", "--rank", "--optimizer", "--warmup", "--batch"]),
    ];

    private static readonly string[] Sundry = ["inspect", "convert", "convert none", "tokens", "lora", "lora none", "lora info",
        "lora merge --out x", "lora combine --out x", "lr", "train", "sample", "sample --promt dog", "parity none", "grade --base ./none",
        "grade --count abc", "run none.ipynb", "run", "world --count abc", "world --preset none", "pretrain", "probe", "captions",
        "lora extract --out x", "dreambooth-study --base ./none", "bench none", "sample --prompt dog --emphasis abc",
        "sample --prompt dog --emphasis -1",
        "sample --prompt dog --sampler eulr_a", "sample --prompt dog --lora ./none", "lora convert --to none --out x none",
        "doctor --foo", "kernel", "kernel none", "tutorial none", "tutorial 0", "tutorial 00 --scale 9", "test --foo", "test --filter",
        "lora methods --rank 0", "lora methods none.safetensors", "studio --foo", "sample --prompt dog --cfg 0.5 --base none-base",
        "train --instance-dir empty-folder --instance-prompt zwx --out out.safetensors --lr 1e30",
        "sweep", "sweep none.json --on moon", "sweep none.json --workers 0", "sweep status DIR/empty-folder",
            "sweep cancel DIR/empty-folder",
        "sweep gather DIR/empty-folder", "sweep point DIR/empty-folder 0", "sweep point DIR/empty-folder x", "export-config none",
        "export-config none --for onetrainer", "export-config none --for kohya --gpus 0", "import-config"];

    private readonly TemporaryFolder _folder = new();

    public WrongInputsTests()
    {
        File.WriteAllText(_folder["text.safetensors"], "this is text");
        File.WriteAllText(_folder["text.ckpt"], "this is text");
        File.WriteAllText(_folder["empty.safetensors"], "");
        File.WriteAllText(_folder["empty.pt"], "");
        File.WriteAllText(_folder["page.safetensors"], "<!DOCTYPE html><html><body>Log in</body></html>");
        File.WriteAllText(_folder["lfs.safetensors"], "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
        File.WriteAllBytes(_folder["cut.safetensors"], [200, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'"']);
        Directory.CreateDirectory(_folder["empty-folder"]);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>With <c>KIT_WRITE=1</c> the page is written anew; then read what changed.</summary>
    [Fact]
    public void Every_wrong_input_has_an_exit_code_and_one_sentence()
    {
        var page = new StringBuilder("# What the kit says to wrong inputs\n\nThe command, its exit code, its sentence. Written by "
            + "`WrongInputsTests` with `KIT_WRITE=1`; DIR is a folder of broken files.\n");
        var (count, broken) = (0, new List<string>());
        foreach (var command in Commands())
        {
            var (code, said) = Run(command);
            if (code is not (1 or 2) || said.Length == 0 || said.Contains('\n') || said.Contains("KIT_TRACE", StringComparison.Ordinal))
                broken.Add($"{command}: {code} {said}");
            page.Append($"\n- `{command}`: {code}\n  {said}\n");
            count++;
        }

        if (Environment.GetEnvironmentVariable("KIT_WRITE") == "1")
            File.WriteAllText(Page, page.ToString());
        Assert.True(broken.Count == 0, string.Join('\n', broken));
        Assert.Equal(File.ReadAllText(Page), page.ToString());
        Assert.True(count >= 300, $"{count} wrong inputs");
    }

    private static IEnumerable<string> Commands() =>
        Takers.SelectMany(taker => WrongFiles.Select(file =>
            string.Join(' ', [taker.Verb, file.StartsWith('.') ? file : "DIR/" + file, .. taker.After.Select(Placed)])))
        .Concat(Numbers.SelectMany(verb => verb.Flags.SelectMany(flag => WrongNumbers.Select(number =>
            Placed(verb.Verb.Replace("empty-folder", "DIR/empty-folder")) + $" {flag} {number}"))))
        .Concat(Sundry).Where(command => command != "sample --prompt dog --cfg -1").Distinct();

    private static string Placed(string text) => text.Replace("out.safetensors", "DIR/out.safetensors");

    private (int Code, string Said) Run(string command)
    {
        var root = Path.GetDirectoryName(_folder["x"])!;
        var (code, _, said) = KitCommand.RunHere([.. command.Split(' ').Select(word => word.Replace("DIR", root))]);
        return (code, said.Replace(root, "DIR").Replace(House.Root, "KIT").Trim());
    }
}

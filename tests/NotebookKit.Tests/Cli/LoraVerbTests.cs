using System.Text.Json;

namespace NotebookKit.Tests.Cli;

public sealed class LoraVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Size_tells_kohyas_bytes_before_training()
    {
        var size = Json("lora", "size", "--model", "sd15", "--targets", "kohya", "--rank", "32", "--dtype", "fp16");
        Assert.Equal((264, 18_874_368, 37_749_264, 37_861_176),
            (size.GetProperty("modules").GetInt32(), size.GetProperty("parameters").GetInt64(),
                size.GetProperty("payload_bytes").GetInt64(), size.GetProperty("file_bytes").GetInt64()));
    }

    [Fact]
    public void A_file_is_resized_converted_and_compared()
    {
        var (source, resized, converted) = (House.Golden("lora", "locon_r4.safetensors"), _folder["resized.safetensors"],
            _folder["peft.safetensors"]);
        Assert.Equal(301, Json("lora", "resize", source, "--rank", "4", "--dtype", "fp32", "--out", resized).GetProperty("kept")
            .GetInt32());
        Assert.Equal(0, Json("lora", "compare", source, resized).GetProperty("difference").GetDouble());
        Assert.Equal(301, Json("lora", "convert", source, "--to", "peft", "--out", converted).GetProperty("modules").GetInt32());
        Assert.InRange(Json("lora", "compare", source, converted).GetProperty("difference").GetDouble(), 0, 1e-3);
        Assert.Equal(4, Json("lora", "spectrum", source).GetProperty("layers")[0].GetProperty("rank").GetInt32());
    }

    [Fact]
    public void Combined_files_add_up()
    {
        var source = House.Golden("lora", "lin_r4.safetensors");
        Json("lora", "combine", source + ":0.5", source + ":0.5", "--dtype", "fp32", "--out", _folder["both.safetensors"]);
        Assert.InRange(Json("lora", "compare", source, _folder["both.safetensors"]).GetProperty("difference").GetDouble(), 0, 1e-6);
        Assert.Equal(8, Json("lora", "info", _folder["both.safetensors"]).GetProperty("ranks").EnumerateObject().Single().Name is { } rank
            ? int.Parse(rank, System.Globalization.CultureInfo.InvariantCulture) : 0);
    }

    [Theory]
    [InlineData("There is no LoRA 'nobody'", "lora", "info", "nobody")]
    [InlineData("--dtype 'int4'", "lora", "size", "--dtype", "int4")]
    [InlineData("regular expression", "lora", "size", "--targets", "attn(")]
    [InlineData("neither sd15 nor a folder", "lora", "size", "--model", "sd99")]
    [InlineData("no rank 2000", "lora", "rank", "--rank", "2000")]
    public void Bad_input_is_answered_in_one_sentence(string expected, params string[] arguments)
    {
        var (code, _, error) = KitCommand.Run(arguments);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_for_another_base_is_refused_when_strict()
    {
        var (code, _, error) = KitCommand.Run("lora", "info", House.Golden("lora", "lin_r4.safetensors"), "--base",
            Path.Combine(House.Root, "data", "base-mini"), "--strict");
        Assert.Equal(2, code);
        Assert.Contains("another shape here", error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static JsonElement Json(params string[] arguments)
    {
        var (code, output, error) = KitCommand.Run([.. arguments, "--json"]);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }
}

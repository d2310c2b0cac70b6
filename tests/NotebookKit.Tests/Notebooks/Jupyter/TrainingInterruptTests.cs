using System.Globalization;
using NotebookKit.Notebooks;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>A training that is interrupted, at any moment, in the kernel: what it has learned is kept, and the kernel answers.</summary>
public sealed class TrainingInterruptTests
{
    /// <summary>A hundred times when KIT_INTERRUPTS says so.</summary>
    [Fact]
    public void Whenever_a_training_is_interrupted_its_result_is_kept_and_the_next_cell_is_answered()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("KIT_INTERRUPTS") ?? "5", CultureInfo.InvariantCulture);
        using var folder = new TemporaryFolder();
        using var kernel = new KernelClient();
        foreach (var photo in new[] { "rabbit-1", "rabbit-3" })
            foreach (var ending in new[] { ".png", ".txt" })
                File.Copy(Path.Combine(House.Root, "data", "sample-rabbit", photo + ending), folder[photo + ending]);
        var assemblies = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        Ok(kernel.Run($$"""
            #r "{{assemblies}}/NotebookKit.dll"
            #r "{{assemblies}}/TorchSharp.dll"
            using NotebookKit.Pipeline; using NotebookKit.Training; using NotebookKit.Display; using NotebookKit.Lora;
            NotebookKit.Tensors.TorchLibrary.Load();
            var sd = StableDiffusion.Load("{{House.Root}}/data/base-mini", "cpu");
            TrainResult result = null;
            TrainOptions Options(int round) => new TrainOptions
            {
                Concepts = [new() {
                    InstanceDir = "{{folder.Root}}", InstancePrompt = TrainOptions.FileWords, ClassDir = "{{folder["classes"]}}",
                    ClassPrompt = "photo of a toy", ClassImages = 2 }],
                Method = TrainMethod.Lora, Lora = new() { Rank = 4 }, Intervals = new() { Epochs = 2000 },
                Samples = new() { Every = 5, Steps = 2 },
                Saving = new() { Output = $"{{folder.Root}}/out/{round}.safetensors" },
            }.ForBase(sd);
            """));
        var random = new Random(11);
        var learned = new List<int>();
        for (var round = 0; round < rounds; round++)
        {
            var cell = kernel.SendCell($"result = new DreamBoothTrainer(sd, Options({round})).Train(new TrainingView(), "
                + "RunningCell.Cancellation);");
            kernel.Await(cell, "display_data"); // it has begun: from the first stage on
            Thread.Sleep(random.Next(2500));
            kernel.SendControl("interrupt_request", []);
            var outcome = kernel.Finish(cell);
            Assert.Equal("ok", kernel.ReceiveControl()!.Content.Text("status"));

            // Before the first step there is nothing to keep, and the cell just ends.
            var begun = outcome.Messages.Any(message =>
                message.Content["data"]?["text/plain"]?.ToString().StartsWith("training ", StringComparison.Ordinal) == true);
            if (!begun && outcome.Status == "error")
            {
                Assert.Equal("Interrupted", outcome.Reply.Text("ename"));
                var next = kernel.Run("1 + 1");
                Ok(next);
                Assert.Equal("2", next.Result());
                continue;
            }

            Ok(outcome);
            Assert.Equal("true", kernel.Run(
                $"result.Stopped && result.Output.EndsWith(\"/{round}.safetensors\") && System.IO.File.Exists(result.Output)").Result());
            learned.Add(int.Parse(kernel.Run("result.History.Count").Result()!, CultureInfo.InvariantCulture));
        }

        Assert.Equal("true", kernel.Run("LoraNetwork.Load(result.Output, sd).Multiplier == 1").Result());
        Assert.True(learned.Max() > 3, $"no training came far: {string.Join(' ', learned)} steps");
        TestContext.Current.SendDiagnosticMessage($"{rounds} interrupts after {string.Join(' ', learned)} steps");
    }

    private static void Ok(KernelClient.Outcome outcome) =>
        Assert.True(outcome.Status == "ok",
            $"{outcome.Reply.ToJsonString()}\n"
                + string.Join('\n', outcome.Messages.Select(m => $"{m.Type}{m.Content.ToJsonString(),-200}"[..200])));
}

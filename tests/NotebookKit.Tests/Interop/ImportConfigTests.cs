using NotebookKit.Interop;
using NotebookKit.Tests.Cli;
using NotebookKit.Training;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Interop;

/// <summary>Kohya's TOML and the old extension's db_config.json become run cards, and what they had more is told.</summary>
public sealed class ImportConfigTests : IDisposable
{
    private static readonly string Photos = Path.Combine(House.Root, "data", "sample-rabbit");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Kohyas_files_are_read_with_their_dataset()
    {
        File.WriteAllText(_folder["data.toml"], $"""
            [general]
            shuffle_caption = true
            flip_aug = false
            keep_tokens = 1
            [[datasets]]
            resolution = [512, 512]
            batch_size = 4
            enable_bucket = true
              [[datasets.subsets]]
              image_dir = '{Photos}'
              caption_extension = '.txt'
              num_repeats = 10
              flip_aug = true
              color_aug = true
              [[datasets.subsets]]
              is_reg = true
              image_dir = 'class'
              class_tokens = 'a photo of a toy'
            """);
        File.WriteAllText(_folder["run.toml"], """
            [model]
            pretrained_model_name_or_path = "models/sd15"
            dataset_config = "data.toml"
            [training]
            network_module = "networks.lora"
            network_dim = 16
            network_alpha = 8
            network_train_unet_only = true
            network_args = ["conv_dim=4", "conv_alpha=2", "block_dims=1,2"]
            unet_lr = 1e-4
            optimizer_type = "adamw8bit"
            lr_scheduler = "cosine_with_restarts"
            lr_scheduler_num_cycles = 3
            max_train_steps = 250
            min_snr_gamma = 5.0
            mixed_precision = "bf16"
            xformers = true
            ip_noise_gamma = 0.1
            clip_skip = 2
            """);
        var (card, missing) = KohyaImport.Of(_folder["run.toml"]);
        var run = card.Settings;
        Assert.Equal(("models/sd15", "bfloat16"), (card.Base, card.Versions["dtype"]));
        Assert.Equal((TrainMethod.LoraExtended, 16, 8.0, 4, 2.0), (run.Method, run.Lora.Rank, run.Lora.Alpha, run.Lora.ConvRank,
            run.Lora.ConvAlpha));
        Assert.Equal((1e-4, "cosine_with_restarts", 3, OptimizerKind.AdamW8bit),
            (run.Learning.Rate, run.Learning.Schedule, run.Learning.Cycles, run.Learning.Optimizer));
        Assert.Equal((512, true, true, 2), (run.Images.Size, run.Images.Flip, run.Images.ShuffleCaptions, run.Intervals.BatchSize));
        Assert.Equal((Photos, "[filewords]", ".txt", 10, "class", "a photo of a toy"), (run.Concepts[0].InstanceDir,
            run.Concepts[0].InstancePrompt,
            run.Concepts[0].CaptionExtension, run.Concepts[0].Repeats, run.Concepts[0].ClassDir, run.Concepts[0].ClassPrompt));
        Assert.Equal(10, run.Intervals.Epochs); // 250 steps of two out of five pictures ten times
        Assert.Equal(["block_dims", "clip_skip", "color_aug", "ip_noise_gamma"],
            missing.Select(one => System.Text.RegularExpressions.Regex.Match(one, "color_aug|ip_noise_gamma|clip_skip|block_dims").Value)
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(TrainMethod.Lora)]
    [InlineData(TrainMethod.LoraExtended)]
    [InlineData(TrainMethod.DreamBooth)]
    [InlineData(TrainMethod.TextualInversion)]
    public void What_is_exported_for_kohya_comes_back_as_it_was(TrainMethod method)
    {
        var run = new TrainOptions
        {
            Method = method,
            Concepts = [new() { InstanceDir = Photos, InstancePrompt = "a photo of zwx toy",
                InstanceToken = method == TrainMethod.TextualInversion
                ? "zwx" : null, ClassToken = method == TrainMethod.TextualInversion ? "toy" : null, Repeats = 2 }],
            Seed = 9,
            Lora = new() { Rank = 4, Alpha = 2, Dropout = 0.1 },
            Learning = new()
            {
                Rate = 2e-5,
                TextRate = 3e-5,
                Schedule = "cosine",
                Warmup = 7,
                Optimizer = OptimizerKind.Lion,
                MaxGradNorm = 0.5
            },
            Loss = new() { SnrGamma = 5, NoiseOffset = 0.05 },
            Images = new() { Size = 448, Flip = true, CaptionDropout = 0.1 },
            Intervals = new() { Epochs = 12, BatchSize = 3, GradientAccumulation = 2 },
            Saving = new() { Every = 4 },
        };
        var card = new RunCard("models/sd15", null, new Dictionary<string, string>(), new Dictionary<string, string>(), run,
            new Dictionary<string, string> { ["dtype"] = "float16" });
        foreach (var (name, text) in KohyaExport.Of(card).Files)
            File.WriteAllText(_folder[name], text);
        var (back, missing) = KohyaImport.Of(_folder["config.toml"]);
        Assert.Empty(missing);
        var again = back.Settings;
        Assert.Equal(method, again.Method);
        Assert.Equal((run.Seed, run.Loss, run.Intervals, run.Images), (again.Seed, again.Loss, again.Intervals, again.Images));
        Assert.Equal(run.Learning with
        {
            Rate = method == TrainMethod.TextualInversion ? null : 2e-5,
            TextRate = method
            == TrainMethod.TextualInversion ? 3e-5 : again.Learning.TextRate
        }, again.Learning);
        if (run.WritesLora)
            Assert.Equal((4, 2.0, 0.1), (again.Lora.Rank, again.Lora.Alpha, again.Lora.Dropout));
        Assert.Equal((Photos, "a photo of zwx toy", 2), (again.Concepts[0].InstanceDir, again.Concepts[0].InstancePrompt,
            again.Concepts[0].Repeats));
    }

    [Fact]
    public void The_extensions_file_is_read_with_its_concepts()
    {
        File.WriteAllText(_folder["db_config.json"], $$"""
            {"model_name": "rabbit", "src": "sd15.safetensors", "use_lora": true, "use_lora_extended": true, "lora_unet_rank": 8, "lora_txt_rank": 4,
             "lora_learning_rate": 1e-4, "lora_txt_learning_rate": 5e-5, "num_train_epochs": 150, "train_batch_size": 2, "resolution": 512,
             "hflip": true, "shuffle_tags": false, "optimizer": "8bit AdamW", "prior_loss_weight": 0.75, "prior_loss_scale": true,
             "prior_loss_weight_min": 0.1, "stop_text_encoder": 0.5, "offset_noise": 0.0, "mixed_precision": "bf16", "clip_skip": 2,
             "noise_scheduler": "DDPM", "save_embedding_every": 25, "lr_scheduler": "constant_with_warmup", "lr_warmup_steps": 500,
             "concepts_list": [{"instance_data_dir": "{{Photos}}", "instance_prompt": "[filewords]", "class_prompt": "a photo of a toy",
               "instance_token": "zwx", "class_token": "toy", "num_class_images_per": 10, "class_guidance_scale": 7.5, "class_infer_steps": 40,
               "save_sample_template": "a.txt", "n_save_sample": 2}]}
            """);
        var (card, missing) = ExtensionImport.Of(_folder["db_config.json"]);
        var run = card.Settings;
        Assert.Equal(("sd15.safetensors", "bfloat16"), (card.Base, card.Versions["dtype"]));
        Assert.Equal((TrainMethod.LoraExtended, 8, "extended"), (run.Method, run.Lora.Rank, run.Lora.Targets!.Name));
        Assert.Equal((1e-4, 5e-5, 500, OptimizerKind.AdamW8bit), (run.Learning.Rate, run.Learning.TextRate, run.Learning.Warmup,
            run.Learning.Optimizer));
        Assert.Equal((150, 2, 0.75, 0.1, 0.5), (run.Intervals.Epochs, run.Intervals.BatchSize, run.Loss.PriorLossWeight,
            run.Loss.PriorLossWeightEnd,
            run.TextEncoderRatio));
        var concept = run.Concepts[0];
        Assert.Equal(("zwx", "toy", 10, 7.5, 40, 2), (concept.InstanceToken, concept.ClassToken, concept.ClassImagesPerInstance,
            concept.ClassGuidance,
            concept.ClassSteps, concept.SamplesPerPrompt));
        Assert.Equal(4, missing.Count);
        Assert.All(new[] { "clip_skip", "save_sample_template", "lora_txt_rank", "prior_loss_scale" }, name =>
            Assert.Contains(missing, sentence => sentence.Contains(name, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("a.toml", "a = = 1", "is no TOML")]
    [InlineData("a.toml", "optimizer_type = \"adamm\"", "did you mean AdamW")]
    [InlineData("a.toml", "network_dim = 0", "network_dim 0 cannot be taken over: rank must be at least 1")]
    [InlineData("a.toml", "max_train_epochs = \"many\"", "cannot be taken over")]
    [InlineData("a.toml", "[[datasets]]\nresolution = 512", "has no subset of the subject's pictures")]
    [InlineData("a.json", "{\"a\": 1}", "is no db_config.json of the DreamBooth extension")]
    [InlineData("a.json", "{", "is no JSON")]
    [InlineData("a.json", "{\"num_train_epochs\": 5, \"concepts_list\": [{}]}", "a concept lacks instance_data_dir")]
    [InlineData("a.txt", "", "ends in .toml (kohya's) or .json (the extension's), not '.txt'")]
    public void What_cannot_be_read_is_one_sentence(string name, string text, string said)
    {
        File.WriteAllText(_folder[name], text);
        var (code, _, error) = KitCommand.Run("import-config", _folder[name]);
        Assert.Equal(2, code);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }
}

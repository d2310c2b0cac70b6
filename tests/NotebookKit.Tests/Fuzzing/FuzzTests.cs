using System.Diagnostics;
using System.Text;
using NotebookKit.Checkpoints;
using NotebookKit.Checkpoints.Hub;
using NotebookKit.Images;
using NotebookKit.Inspection;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Tests.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Fuzzing;

/// <summary>Twenty thousand spoilt files a run: each is read or refused in one sentence, quickly and in little memory.</summary>
public sealed class FuzzTests : IDisposable
{
    private const int Seed = 20221107, EachKind = 5_100;
    private const long MostBytes = 512 << 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Spoilt_safetensors_are_read_or_refused()
    {
        using var scope = NewDisposeScope();
        Safetensors.Save(_folder["good"], new Dictionary<string, Tensor>
        {
            ["a.weight"] = ones(2, 3),
            ["b"] = ones(4, ScalarType.Bool),
            ["c"] = ones(3, ScalarType.Float16)
        }, new Dictionary<string, string> { ["k"] = "v" });
        byte[][] seeds = [File.ReadAllBytes(_folder["good"]),
            .. GoldenSeeds("st_ok_*.safetensors", "st_dup_keys.safetensors", "st_overlap.safetensors")];
        Run(EachKind, (mutation, _) =>
        {
            var seed = mutation.Pick(seeds);
            var bytes = mutation.Bytes(seed, mutation.Pick(seeds));
            if (mutation.Below(2) == 0 && seed.Length > 8)
                bytes = WithJson(mutation, seed);
            File.WriteAllBytes(_folder["x.safetensors"], bytes);
            Read(_folder["x.safetensors"]);
        });
    }

    [Fact]
    public void Spoilt_pickles_are_read_or_refused()
    {
        byte[][] pickles =
        [
            PickleBytes.Whole(PickleBytes.Dictionary("w", PickleBytes.Tensor("0", 4, 0, [2, 2], [2, 1]))),
            PickleBytes.Whole(PickleBytes.Dictionary("state_dict", PickleBytes.Dictionary("w", PickleBytes.Tensor("0", 4, 1, [3], [1])))),
            Enumerable.Range(0, 200).Select(i => (byte)i).ToArray(),
        ];
        byte[][] files = [.. GoldenSeeds("*.ckpt").Where(bytes => bytes.Length < 70_000), Legacy()];
        Run(EachKind, (mutation, i) =>
        {
            // Half of them keep the archive whole, so that the pickle inside is reached.
            File.WriteAllBytes(_folder["x.ckpt"],
                i % 2 == 0 ? PickleBytes.Checkpoint(mutation.Bytes(mutation.Pick(pickles), mutation.Pick(pickles)))
                    : mutation.Bytes(mutation.Pick(files), mutation.Pick(pickles)));
            Read(_folder["x.ckpt"]);
        });
    }

    [Fact]
    public void Texts_of_spoilt_PNGs_are_read_or_refused()
    {
        var seed = new RgbImage(24, 16).ToPng(new Dictionary<string, string> { ["parameters"] = "a rabbit", ["title"] = "墨心" });
        Run(EachKind, (mutation, i) =>
        {
            var bytes = mutation.Bytes(seed);
            if (i % 2 == 0)
                PngBytes.MendChecksums(bytes); // so that what is behind them is reached
            PngText.Read(bytes, "x.png");
        });
    }

    [Fact]
    public void Spoilt_configurations_are_read_or_refused()
    {
        var seeds = new (string Json, Action<string> Read)[]
        {
            ("""{"_class_name": "UNet2DConditionModel", "sample_size": 64, "block_out_channels": [320, 640, 1280, 1280], "attention_head_dim": [5, 10, 20, 20], "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"], "cross_attention_dim": 768, "norm_num_groups": 32, "dropout": 0.0, "layers_per_block": 2}""",
                json => UNet2DConditionConfig.Parse(json)),
            ("""{"block_out_channels": [128, 256, 512, 512], "latent_channels": 4, "scaling_factor": 0.18215, "layers_per_block": 2}""",
                json => AutoencoderKLConfig.Parse(json)),
            ("""{"vocab_size": 49408, "hidden_size": 768, "num_attention_heads": 12, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}""",
                json => CLIPTextConfig.Parse(json)),
            ("""{"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "trained_betas": null, "num_train_timesteps": 1000, "prediction_type": "epsilon"}""",
                json => SchedulerConfig.Parse(json)),
            ("""{"metadata": {"total_size": 10}, "weight_map": {"a.weight": "x-00001-of-00002.safetensors", "b": "x-00002-of-00002.safetensors"}}""",
                Index),
            ($$$"""{"sha": "{{{new string('a', 40)}}}", "siblings": [{"rfilename": "unet/config.json", "size": 3, "blobId": "{{{new string('b', 40)}}}"}, {"rfilename": "x.bin", "lfs": {"sha256": "{{{new string('c', 64)}}}", "size": 9}}]}""",
                json => HubListing.Parse(Encoding.UTF8.GetBytes(json), "a/b")),
        };
        Run(EachKind, (mutation, _) =>
        {
            var (json, read) = mutation.Pick(seeds);
            read(mutation.Json(json));
        });

        void Index(string json)
        {
            File.WriteAllText(_folder["x.index.json"], json);
            ShardedWeights.Shards(_folder["x.index.json"]);
        }
    }

    [Fact]
    public void Spoilt_files_are_told_or_refused_by_inspect()
    {
        byte[][] seeds = [.. GoldenSeeds("st_ok_*.safetensors", "zt_ok*.ckpt"),
            File.ReadAllBytes(House.Golden("convert", "odd_tensors.ckpt"))];
        Run(600, (mutation, _) =>
        {
            File.WriteAllBytes(_folder["x.bin"], mutation.Bytes(mutation.Pick(seeds)));
            FileInspector.Inspect(_folder["x.bin"]);
        });
    }

    internal static void Run(int times, Action<Mutation, int> attempt, double leastRefused = 0.25, bool measurePeak = false)
    {
        var (refused, read) = (0, 0);
        for (var i = 0; i < times; i++)
        {
            using var scope = NewDisposeScope();
            var peak = measurePeak ? new PeakMemory() : null;
            var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            try
            {
                attempt(new Mutation(Seed + i), i);
                read++;
            }
            catch (BadInputException e)
            {
                refused++;
                Assert.True(e.Message.Length is > 20 and < 2000 && !e.Message.Contains('\n'), $"seed {Seed + i}: {e.Message}");
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed + i}: {e}");
            }

            Assert.True(clock.Elapsed < Longest || Again(attempt, i) < Longest, $"seed {Seed + i} took {clock.Elapsed}");
            // Of pictures what the process takes counts, native memory too, and not what is asked for and never touched.
            Assert.True(measurePeak || GC.GetAllocatedBytesForCurrentThread() - before < MostBytes,
                $"seed {Seed + i} took {(GC.GetAllocatedBytesForCurrentThread() - before) >> 20} MB");
            Assert.True(peak is null || peak.Bytes < MostBytes, $"seed {Seed + i} took {peak?.Bytes >> 20} MB at its peak");
        }

        Assert.True(refused > times * leastRefused,
            $"only {refused} of {times} were refused, {read} read: the files are not spoilt enough");
    }

    // A machine that does much else may stop any program for a second, but not twice at the same file.
    private static TimeSpan Again(Action<Mutation, int> attempt, int i)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            attempt(new Mutation(Seed + i), i);
        }
        catch (BadInputException)
        {
            // how long it takes is what counts here
        }

        return clock.Elapsed;
    }

    private static void Read(string path)
    {
        foreach (var tensor in WeightFile.Load(path).Values)
            tensor.Dispose();
    }

    private static byte[] WithJson(Mutation mutation, byte[] seed)
    {
        var length = Math.Clamp(BitConverter.ToInt64(seed), 0, seed.Length - 8);
        var json = Encoding.UTF8.GetBytes(mutation.Json(Encoding.UTF8.GetString(seed, 8, (int)length)));
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. seed[(8 + (int)length)..]];
    }

    private static IEnumerable<byte[]> GoldenSeeds(params string[] patterns) =>
        patterns.SelectMany(pattern => Directory.GetFiles(House.Golden("safetensors"), pattern).Order(StringComparer.Ordinal))
            .Select(File.ReadAllBytes).Where(bytes => bytes.Length is > 0 and < 200_000);

    // The old format by hand: magic number, protocol, machine, object, keys, storages.
    private static byte[] Legacy() =>
    [
        0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.', 0x80, 2, (byte)'M', 0xe9, 3, (byte)'.',
        0x80, 2, .. "}."u8,
        .. PickleBytes.Whole(PickleBytes.Dictionary("w", PickleBytes.Tensor("0", 4, 0, [4], [1]))), 0x80, 2, .. "]"u8,
        .. PickleBytes.Word("0"), .. "a."u8, 4, 0, 0, 0, 0, 0, 0, 0, .. new byte[16],
    ];
}

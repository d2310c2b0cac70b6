using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Tensors;
using NotebookKit.Tests.Lora;
using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>What the step promises beyond the reference runs that the parity tests repeat.</summary>
public sealed class TrainStepTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Dictionary<string, Tensor> _data = GoldenBase.Load("training", "data.safetensors");

    [Theory]
    [InlineData("1+1+1+1")]
    [InlineData("3+1")]
    [InlineData("checkpointing")]
    public void Accumulated_batches_and_checkpointing_move_the_weights_as_one_large_batch_does(string how)
    {
        var large = Train([[0, 1, 2, 3]]);
        var other = how switch
        {
            "1+1+1+1" => Train([[0], [1], [2], [3]]),
            "3+1" => Train([[0, 1, 2], [3]]), // of unequal size
            _ => Train([[0, 1, 2, 3]], checkpointing: true),
        };
        using var unet = GoldenBase.UNet();
        var start = unet.state_dict();
        var largest = large.Max(pair => (pair.Value - start[pair.Key]).abs().max().item<float>());
        foreach (var (name, weight) in large) // as a weight is rounded, and as its move is, over the pixels of four pictures too
            Assert.InRange((weight - other[name]).abs().max().item<float>(), 0,
                Rounding.Of(1, weight.abs().max().item<float>()) + Rounding.Of(2 * Rounding.Network, largest));

        Dictionary<string, Tensor> Train(int[][] batches, bool checkpointing = false)
        {
            using var unet = GoldenBase.UNet();
            unet.GradientCheckpointing = checkpointing;
            using var optimizer = new Sgd(unet.parameters(), 1e-3);
            using var step = Step(unet, optimizer, new TrainOptions());
            foreach (var batch in batches)
                step.Accumulate(Batch(batch, batch), 4, 4);
            step.Update(1);
            return unet.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    public void The_prior_term_counts_exactly_by_its_weight_in_the_gradient(int instances, int classes)
    {
        // The gradient is linear in the loss: g(w) must be g(0) + w · (the gradient of the class images alone).
        using var unet = GoldenBase.UNet();
        int[] subject = [.. Enumerable.Range(0, instances)], others = [.. Enumerable.Range(4, classes)];
        var none = Gradient(0, Batch(subject, others));
        var prior = Gradient(0, Batch([], others) with { Instances = classes }); // the class images as if they were the subject
        foreach (var weight in (double[])[0.15, 0.37, 1, 2.5])
        {
            var some = Gradient(weight, Batch(subject, others));
            var difference = (some - none - (weight * prior)).norm().item<float>();
            Assert.InRange(difference, 0,
                Rounding.Of(2 * Rounding.Network, none.norm().item<float>() + (weight * prior.norm().item<float>())));
        }

        Tensor Gradient(double weight, TrainBatch batch)
        {
            using var optimizer = new Sgd(unet.parameters(), 0.0);
            using var step = Step(unet, optimizer, new TrainOptions { Loss = new() { PriorLossWeight = weight } });
            step.Accumulate(batch);
            return optimizer.Groups[0].Gradient.clone();
        }
    }

    [Fact]
    public void A_pictures_weight_multiplies_its_loss()
    {
        var alone = Record(Batch([0], []) with { Weights = [0.25] }).Loss;
        Assert.Equal(0.25 * Record(Batch([0], [])).Loss, alone, Rounding.Of(Rounding.Network, alone));
        var (first, second) = (Record(Batch([0], [])).Loss, Record(Batch([1], [])).Loss);
        Assert.Equal(((3 * first) + second) / 2, Record(Batch([0, 1], []) with { Weights = [3, 1] }).Loss,
            Rounding.Of(Rounding.Network, 3 * first));
    }

    [Fact]
    public void A_mask_of_ones_changes_nothing_and_a_mask_leaves_the_rest_out()
    {
        var batch = Batch([0], []);
        var (h, w) = (batch.Latents.shape[2], batch.Latents.shape[3]);
        Assert.Equal(Record(batch).Loss, Record(batch with { Mask = ones([1, 1, h, w]) }).Loss,
            Rounding.Of(Rounding.Network, Record(batch).Loss));

        // Upper half only: the gradient with respect to the guess below is zero, so the noise there does not matter.
        var upper = cat([ones([1, 1, h / 2, w]), zeros([1, 1, h / 2, w])], 2) * 2;
        using var unet = GoldenBase.UNet();
        using var loss = new DenoisingLoss(unet, new SchedulerConfig());
        var error = loss.Errors(batch with { Mask = upper });
        using var scheduler = new DDPMScheduler(new SchedulerConfig());
        var guess = unet.call(scheduler.AddNoise(batch.Latents, batch.Noise, batch.Timesteps), batch.Timesteps, batch.Context);
        var expected = (guess - batch.Noise).square().narrow(2, 0, h / 2).mean();
        Assert.Equal(expected.item<float>(), error.item<float>(), Rounding.Of(Rounding.Network, expected.item<float>()));
    }

    [Fact]
    public void The_bands_hold_each_pictures_error()
    {
        var bands = BandLosses.Of([(0, 1), (249, 3), (250, 5), (999, 7)], 1000);
        Assert.Equal(new BandLosses(2, 5, null, 7), bands);
        var record = Record(Batch([0], []));
        Assert.Equal(record.Loss, new[] { record.Bands.Low, record.Bands.MidLow, record.Bands.MidHigh, record.Bands.High }.OfType<double>()
            .Single(), Rounding.Of(1, record.Loss));
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_the_step_before_the_weights_move()
    {
        using var unet = GoldenBase.UNet();
        using var optimizer = new AdamW([new(unet.parameters(), 1e-3)]);
        using var step = Step(unet, optimizer, new TrainOptions());
        step.Accumulate(Batch([0], [1]));
        step.Update(1);
        var before = unet.parameters().First().detach().clone();
        step.Accumulate(Batch([0], [1]) with { Noise = full_like(_data["noise"][0], double.NaN) });
        var message = Assert.Throws<DivergedException>(() => step.Update(7)).With("a.state.safetensors").Message;
        Assert.Contains("step 2 (epoch 7)", message, StringComparison.Ordinal);
        Assert.Contains("a.state.safetensors", message, StringComparison.Ordinal);
        Assert.True(before.Equals(unet.parameters().First()));
    }

    [Fact]
    public void The_loss_scale_is_taken_out_before_gradients_are_clipped()
    {
        var (plain, scaled) = (Run(null), Run(new GradScaler(1024)));
        Assert.Equal(plain.Record.GradNorm, scaled.Record.GradNorm, 1e-6 * plain.Record.GradNorm);
        Assert.True(plain.Record.GradNorm > 0.01, "nothing was clipped");
        foreach (var (one, other) in plain.Weights.Zip(scaled.Weights))
            Assert.True((one - other).abs().max().item<float>() < 1e-7);

        (StepRecord Record, List<Tensor> Weights) Run(GradScaler? scaler)
        {
            using var unet = GoldenBase.UNet();
            using var optimizer = new Sgd(unet.parameters(), 1e-3);
            using var step = Step(unet, optimizer, new TrainOptions { Learning = new() { MaxGradNorm = 0.01 } }, scaler);
            step.Accumulate(Batch([0], [1]));
            return (step.Update(1), [.. unet.parameters().Select(parameter => parameter.detach().clone())]);
        }
    }

    [Fact]
    public void A_step_whose_scaled_gradients_overflow_is_left_out_until_the_scale_fits()
    {
        using var unet = GoldenBase.UNet();
        using var optimizer = new AdamW([new(unet.parameters(), 1e-3)]);
        var scaler = new GradScaler(3e38); // float32 ends at 3.4e38
        using var step = Step(unet, optimizer, new TrainOptions(), scaler);
        var before = unet.parameters().First().detach().clone();
        var skipped = 0;
        for (; ; skipped++)
        {
            step.Accumulate(Batch([0], [1]) with { Weights = [1000] });
            var record = step.Update(1);
            Assert.Equal(skipped, record.Step); // a step that is left out counts for the schedule
            Assert.True(double.IsFinite(record.Loss));
            if (!record.Skipped)
                break;
            Assert.True(before.Equals(unet.parameters().First()));
            Assert.True(skipped < 200, "the scale never fitted");
        }

        Assert.True(skipped > 0, "nothing overflowed");
        Assert.Equal((skipped, 3e38 / Math.Pow(2, skipped)), (scaler.Skipped, scaler.Scale));
        Assert.False(before.Equals(unet.parameters().First()));
    }

    [Fact]
    public void Gradients_that_overflow_at_every_scale_stop_the_run()
    {
        using var unet = GoldenBase.UNet();
        using var optimizer = new Sgd(unet.parameters(), 1e-3);
        using var step = Step(unet, optimizer, new TrainOptions(), new GradScaler(2));
        Overflow();
        Assert.True(step.Update(1).Skipped); // 1 from now on
        Overflow();
        Assert.Contains("gradient", Assert.Throws<DivergedException>(() => step.Update(1)).Message, StringComparison.Ordinal);

        void Overflow() => optimizer.Groups[0].Gradient.fill_(double.PositiveInfinity);
    }

    [Fact]
    public void What_fails_while_a_checkpoint_computes_again_comes_out_of_the_step_that_it_failed_in()
    {
        using var unet = GoldenBase.UNet();
        unet.GradientCheckpointing = true;
        using var optimizer = new Sgd(unet.parameters(), 1e-3);
        using var step = Step(unet, optimizer, new TrainOptions());
        var layer = (TorchSharp.Modules.Linear)unet.named_modules()
            .First(named => named.name == "mid_block.attentions.0.transformer_blocks.0.attn1.to_q").module;
        var hook = layer.register_forward_hook((_, _, y) => GradientCheckpoint.Running ? y
            : throw new InvalidDataException("no room for it"));
        Assert.Equal("no room for it", Assert.Throws<InvalidDataException>(() => step.Accumulate(Batch([0], [1]))).Message);
        hook.remove();
        optimizer.ZeroGradient();
        step.Accumulate(Batch([0], [1]));
        Assert.True(double.IsFinite(step.Update(1).Loss));
    }

    [Fact]
    public void A_step_keeps_no_tensor()
    {
        using var unet = GoldenBase.UNet();
        using var optimizer = new AdamW([new(unet.parameters(), 1e-4)]);
        using var step = Step(unet, optimizer, new TrainOptions());
        Run();
        var before = LiveTensors.Count();
        Run();
        Run();
        Assert.Equal(before, LiveTensors.Count());

        void Run()
        {
            using var scope = NewDisposeScope();
            step.Accumulate(Batch([0], [1]));
            step.Update(1);
        }
    }

    public void Dispose() => _scope.Dispose();

    private static TrainStep Step(UNet2DConditionModel unet, TrainOptimizer optimizer, TrainOptions options, GradScaler? scaler = null) =>
        new(unet, new SchedulerConfig(), optimizer, new LrSchedule("constant", 1e-3, 0, 10), options) { Scaler = scaler };

    private static StepRecord Record(TrainBatch batch)
    {
        using var unet = GoldenBase.UNet();
        using var optimizer = new Sgd(unet.parameters(), 0.0);
        using var step = Step(unet, optimizer, new TrainOptions());
        step.Accumulate(batch);
        return step.Update(1);
    }

    // The first pictures of the chosen reference batches as the subject's, the second of others as class images.
    private TrainBatch Batch(int[] instances, int[] classes)
    {
        return new TrainBatch(Pick("latents"), Pick("noise"), Pick("timesteps"), Pick("context"), instances.Length);

        Tensor Pick(string name) =>
            cat([.. instances.Select(i => _data[name][i].narrow(0, 0, 1)), .. classes.Select(i => _data[name][i].narrow(0, 1, 1))]);
    }
}

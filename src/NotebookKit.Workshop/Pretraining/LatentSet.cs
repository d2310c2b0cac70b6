using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>The latents of every picture and of its mirror image, encoded once: the denoiser never waits for the VAE.</summary>
internal static class LatentSet
{
    private const int Batch = 50;

    /// <summary>Encodes pictures: float16 (2N, 4, h, w), the mirror image of picture i at N + i, means of the posterior before
    /// scaling.</summary>
    /// <param name="vae">The trained VAE.</param>
    /// <param name="bytes">The pictures, (N, 3, S, S).</param>
    /// <param name="device">Where the VAE is.</param>
    /// <param name="workers">Threads; several on the processor take a core each.</param>
    /// <param name="cancel">Stops between two batches.</param>
    public static Tensor Encode(AutoencoderKL vae, Tensor bytes, Device device, int workers, CancellationToken cancel)
    {
        var jobs = new List<(bool Mirror, long From)>();
        foreach (var mirror in new[] { false, true })
            for (long from = 0; from < bytes.shape[0]; from += Batch)
                jobs.Add((mirror, from));
        var parts = new Tensor[jobs.Count];
        var next = -1;
        var threads = Enumerable.Range(1, workers - 1).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        threads.ForEach(t => t.Start());
        Work();
        threads.ForEach(t => t.Join());
        cancel.ThrowIfCancellationRequested();
        var all = cat(parts, 0);
        foreach (var part in parts)
            part.Dispose();
        return all;

        void Work()
        {
            if (workers > 1)
                set_num_threads(1);
            using var noGrad = no_grad();
            for (var job = Interlocked.Increment(ref next); job < jobs.Count
                && !cancel.IsCancellationRequested; job = Interlocked.Increment(ref next))
            {
                using var scope = NewDisposeScope();
                var (mirror, from) = jobs[job];
                var images = WorldPictures.ToModel(bytes.narrow(0, from, Math.Min(Batch, bytes.shape[0] - from)).to(device));
                var latents = vae.Encode(mirror ? images.flip(3) : images).Mean;
                parts[job] = latents.to(ScalarType.Float16).DetachFromDisposeScope();
            }
        }
    }

    /// <summary>What the latents are multiplied by so that they have unit variance: <c>scaling_factor</c>.</summary>
    public static double ScalingFactor(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return 1 / latents.to(ScalarType.Float32).std().item<float>();
    }
}

using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Workshop.Pretraining;
using NotebookKit.Workshop.World;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>What a base model's VAE keeps of pictures: no denoiser can draw an eye sharper than it decodes one.</summary>
public static class Reconstruction
{
    private const int Measured = 256;
    private const int Shown = 12;
    private const ulong HeldOutStream = 0x5712EUL;

    /// <summary>Peak signal-to-noise ratio in dB of rendered pictures, encoded to the likeliest latents and decoded.</summary>
    /// <param name="model">The model.</param>
    /// <param name="world">What is painted.</param>
    /// <param name="seed">Which pictures.</param>
    /// <param name="strip">A PNG of twelve faces as rendered (above) and as decoded (below); null for none.</param>
    public static double Measure(StableDiffusion model, WorldPreset world, ulong seed, string? strip)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(world);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var scenes = Enumerable.Range(0, Measured).Select(i => SceneSampler.Sample(seed ^ HeldOutStream, i, world)).ToList();
        using var pictures = WorldPictures.Paint(scenes, model.SampleSize, default);
        if (strip is not null)
            Save(strip, model, scenes.FindAll(HasFace).Take(Shown).ToList());
        return VaeLearner.Psnr(model.Vae, pictures, model.Device);
    }

    private static void Save(string path, StableDiffusion model, IReadOnlyList<Scene> scenes)
    {
        var rendered = WorldPictures.ToModel(WorldPictures.Paint(scenes, model.SampleSize, default)).to(model.Device);
        var both = cat([rendered, model.Vae.Decode(model.Vae.Encode(rendered).Mean)], 0).cpu();
        ImageGrid.Render([.. Enumerable.Range(0, (int)both.shape[0]).Select(i => ImageTensor.FromTensor(both[i]))], scenes.Count, cell: 128)
            .SavePng(path);
    }

    private static bool HasFace(Scene scene) =>
        scene.Class is ToyClass.RabbitToy or ToyClass.BearToy or ToyClass.DogToy or ToyClass.CatToy or ToyClass.Cat;
}

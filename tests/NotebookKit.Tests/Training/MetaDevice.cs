using NotebookKit.Models;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Tensors;
using NotebookKit.Text;
using NotebookKit.Training.Memory;
using NotebookKit.Workshop.Bench;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>
/// A Stable Diffusion on the device <c>meta</c>, whose tensors have shapes and no numbers: everything but reading results
/// back runs there as on a GPU, and what was left on the CPU is refused as there.
/// </summary>
internal static class MetaDevice
{
    public static StableDiffusion Create(ModelShape shape, ScalarType dtype = ScalarType.Float32)
    {
        MetaKernels.Use();
        using var onMeta = Layers.Uninitialised(META, dtype);
        var sd = new StableDiffusion(new UNet2DConditionModel(shape.UNet), new AutoencoderKL(shape.Vae), new CLIPTextModel(shape.Text),
            ClipTokenizer.Default, new SchedulerConfig());
        // Products of matrices are the only operations that do not compare devices on meta.
        foreach (var linear in new nn.Module[] { sd.UNet, sd.Vae, sd.TextEncoder }.SelectMany(part => part.modules()).OfType<Linear>())
            linear.register_forward_pre_hook((_, x) => x.device_type == DeviceType.META ? x
                : throw new InvalidOperationException($"A linear layer was given a tensor on {x.device}."));
        return sd;
    }
}

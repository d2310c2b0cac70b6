using NotebookKit.Images;
using NotebookKit.Tests.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>The tiny random Stable Diffusion as a folder, and three captioned pictures to train it on.</summary>
public sealed class TinyBase : IDisposable
{
    public TinyBase()
    {
        using (var model = TinyModel.Create())
            model.Save(Folder, ScalarType.Float32);
        Directory.CreateDirectory(Pictures);
        for (var i = 0; i < 3; i++)
        {
            var image = new RgbImage(20, 24);
            for (var p = 0; p < image.Pixels.Length; p++)
                image.Pixels[p] = (byte)(((p * (i + 3)) + (40 * i)) % 251);
            image.SavePng(Path.Combine(Pictures, $"{i}.png"));
            File.WriteAllText(Path.Combine(Pictures, $"{i}.txt"), $"a zwx toy, view {i}\n");
        }
    }

    /// <summary>The base's folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("kit-tiny-base-").FullName;

    /// <summary>Three pictures with captions.</summary>
    public string Pictures => Path.Combine(Folder, "pictures");

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

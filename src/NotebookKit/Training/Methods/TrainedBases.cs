using System.Runtime.CompilerServices;
using NotebookKit.Pipeline;

namespace NotebookKit.Training.Methods;

/// <summary>Remembers which loaded models a full fine-tune has changed: they must not paint class images any more.</summary>
internal static class TrainedBases
{
    private static readonly ConditionalWeakTable<StableDiffusion, object> Trained = [];

    public static bool Contains(StableDiffusion sd) => Trained.TryGetValue(sd, out _);

    public static void Add(StableDiffusion sd) => Trained.AddOrUpdate(sd, Trained);
}

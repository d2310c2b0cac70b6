using NotebookKit.Workshop.World.Drawing;
using NotebookKit.Workshop.World.Figures;

namespace NotebookKit.Workshop.World;

/// <summary>
/// One plush toy that differs from all others of its class: its own colours for head, body, belly and ears, perhaps an
/// eye patch, a striped belly, a bow, a folded ear. The base sees such toys in every style, each once, and the probe
/// learns from pairs of views what makes two pictures show the same one. None has patch, stripes and folded ear at once:
/// that is the lessons' subject alone.
/// </summary>
public sealed class Individual
{
    /// <summary>Individual number <paramref name="index"/> of a seed.</summary>
    public Individual(ulong seed, long index)
    {
        var random = new WorldRandom(seed, (ulong)index + 1);
        Class = random.Chance(0.5f) ? ToyClass.RabbitToy : random.Pick<ToyClass>([ToyClass.BearToy, ToyClass.DogToy, ToyClass.CatToy]);
        var (body, head, belly, lining) = (Dye(random), Dye(random), Dye(random), Dye(random));
        Patchwork = !random.Chance(0.25f);
        Coat = Coat.Plain(body);
        var (patch, striped, folded, bow) = (random.Chance(0.4f), random.Chance(0.4f), random.Chance(0.4f), random.Chance(0.4f));
        var mark = Dye(random);
        var tie = Dye(random);
        Worn = bow ? Accessory.Bow : Accessory.None;
        if (!Patchwork)
            return;
        folded &= !(patch && striped);
        Coat = Coat with
        {
            Head = head,
            Ears = random.Chance(0.5f) ? body : head,
            Belly = belly,
            EarLining = lining,
            EyePatch = patch ? mark : null,
            BellyStripe = striped ? mark.Mix(body, 0.3f) : null,
            FoldedEar = folded,
            Bow = bow ? tie : null,
        };
    }

    /// <summary>What it is.</summary>
    public ToyClass Class { get; }

    /// <summary>Whether it is sewn of several colours; else all of it has one, which is none of the world's eight.</summary>
    public bool Patchwork { get; }

    /// <summary>What it wears.</summary>
    public Accessory Worn { get; }

    /// <summary>The marks that can be seen on it.</summary>
    public IReadOnlyList<Mark> Marks =>
    [
        .. Coat.FoldedEar && Class == ToyClass.RabbitToy ? [Mark.FoldedEar] : Array.Empty<Mark>(),
        .. Coat.EyePatch is not null && Class == ToyClass.RabbitToy ? [Mark.EyePatch] : Array.Empty<Mark>(),
        .. Coat.BellyStripe is not null ? [Mark.StripedBelly] : Array.Empty<Mark>(),
    ];

    /// <summary>What it is sewn of.</summary>
    internal Coat Coat { get; }

    // One of the world's colours, as dyed as it can be, or a pale or a dull tone of it.
    private static Rgb Dye(WorldRandom random)
    {
        var color = new Rgb(random.NextFloat(), random.NextFloat(), random.NextFloat());
        var named = Palette.Of(random.Pick(WorldPreset.Cpu.Colors));
        return named.Mix(color, random.Range(0, 0.8f)).Mix(Rgb.White, random.Chance(0.3f) ? random.Range(0.3f, 0.7f) : 0);
    }
}

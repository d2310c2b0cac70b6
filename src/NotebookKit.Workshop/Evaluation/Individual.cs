using NotebookKit.Workshop.World;
using NotebookKit.Workshop.World.Drawing;
using NotebookKit.Workshop.World.Figures;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>
/// One plush toy that differs from all others of its class: its own colours for head, body, belly and ears, perhaps an
/// eye patch, a striped belly, a bow, a folded ear. The probe learns from pairs of views of such individuals what makes
/// two pictures show the same one. None has patch, stripes and folded ear at once: that is the lessons' subject alone.
/// </summary>
internal sealed class Individual
{
    private readonly ToyClass thing;
    private readonly Coat coat;
    private readonly Accessory worn;

    /// <summary>Individual number <paramref name="index"/> of a seed.</summary>
    public Individual(ulong seed, long index)
    {
        var random = new WorldRandom(seed, (ulong)index + 1);
        thing = random.Chance(0.5f) ? ToyClass.RabbitToy : random.Pick<ToyClass>([ToyClass.BearToy, ToyClass.DogToy, ToyClass.CatToy]);
        var (body, head, belly, lining) = (Dye(random), Dye(random), Dye(random), Dye(random));
        var plain = random.Chance(0.25f);
        coat = Coat.Plain(body);
        var (patch, striped, folded, bow) = (random.Chance(0.4f), random.Chance(0.4f), random.Chance(0.4f), random.Chance(0.4f));
        var mark = Dye(random);
        var tie = Dye(random);
        if (!plain)
        {
            folded &= !(patch && striped);
            coat = coat with
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

        worn = bow ? Accessory.Bow : Accessory.None;
    }

    /// <summary>Paints it, seen in some way, somewhere.</summary>
    public byte[] Paint(WorldRandom random, WorldPreset world, int size)
    {
        var (view, background, seed) = (SceneSampler.SampleView(random), random.Pick(world.Backgrounds), random.NextULong());
        return Painter.Render(
            sheet =>
            {
                Ground.Draw(sheet, background, seed);
                Cast.Place(sheet, view, thing == ToyClass.RabbitToy ? 2.22f : 2.12f, thing == ToyClass.BearToy ? (-0.98f, 0.98f) : (-0.8f, 0.8f));
                PlushToy.Draw(sheet, thing, coat, view, worn);
            },
            Style.Photo, seed, view, size);
    }

    // One of the world's colours, as dyed as it can be, or a pale or a dull tone of it.
    private static Rgb Dye(WorldRandom random)
    {
        var color = new Rgb(random.NextFloat(), random.NextFloat(), random.NextFloat());
        var named = Palette.Of(random.Pick(WorldPreset.Cpu.Colors));
        return named.Mix(color, random.Range(0, 0.8f)).Mix(Rgb.White, random.Chance(0.3f) ? random.Range(0.3f, 0.7f) : 0);
    }
}

using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>Who plays which class, and how a figure is placed in the picture.</summary>
internal static class Cast
{
    /// <summary>Draws the scene's figure.</summary>
    public static void Draw(Sheet sheet, Scene scene)
    {
        var color = Palette.Of(scene.Color);
        Place(sheet, scene.View, Height(scene), Reach(scene.Class));
        switch (scene.Class)
        {
            case ToyClass.RabbitToy or ToyClass.BearToy or ToyClass.DogToy or ToyClass.CatToy:
                PlushToy.Draw(sheet, scene.Class, scene.Individual?.Coat ?? Coat.Plain(color), scene.View, scene.Accessory);
                break;
            case ToyClass.DuckToy:
                DuckToy.Draw(sheet, color, scene.Accessory);
                break;
            case ToyClass.RobotToy:
                RobotToy.Draw(sheet, color, scene.View, scene.Accessory);
                break;
            case ToyClass.CarToy:
                CarToy.Draw(sheet, color);
                break;
            case ToyClass.Dog:
                StandingDog.Draw(sheet, color, scene.Accessory);
                break;
            case ToyClass.Cat:
                StandingCat.Draw(sheet, color, scene.Accessory);
                break;
            case ToyClass.House:
                House.Draw(sheet, color);
                break;
            case ToyClass.Tree:
                Tree.Draw(sheet, color);
                break;
            case ToyClass.Flower:
                Flower.Draw(sheet, color, scene.Color);
                break;
            case ToyClass.Cup:
                Cup.Draw(sheet, color);
                break;
            case ToyClass.Person:
                Person.Draw(sheet, color, scene.View, scene.Accessory);
                break;
            case ToyClass.Boat:
                Boat.Draw(sheet, color);
                break;
            case ToyClass.Mushroom:
                Mushroom.Draw(sheet, color);
                break;
            case ToyClass.Backpack:
                Backpack.Draw(sheet, color);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(scene), scene.Class, "no such class");
        }
    }

    /// <summary>
    /// Sets the frame for a figure that in its own coordinates is so high (hat included) and goes from left to right.
    /// </summary>
    public static void Place(Sheet sheet, View view, float height, (float Left, float Right) reach)
    {
        // A tall hat or a long car shrinks the figure rather than leave the picture.
        var half = (reach.Right - reach.Left) / 2;
        var scale = Math.Min(view.Height, Math.Min((view.Base + 0.96f) / height, 0.96f / half));
        var room = 0.97f - half * scale;
        var middle = scale * (reach.Left + reach.Right) / 2 * (view.Mirrored ? -1 : 1);
        sheet.Frame(Math.Clamp(view.X, -room, room) - middle, view.Base, scale, view.Mirrored, figure: true);
    }

    private static (float Left, float Right) Reach(ToyClass thing) => thing switch
    {
        ToyClass.BearToy => (-0.98f, 0.98f),
        ToyClass.DuckToy => (-1.02f, 1.24f),
        ToyClass.RobotToy => (-0.90f, 0.90f),
        ToyClass.CarToy => (-1.12f, 1.12f),
        ToyClass.Dog => (-1.12f, 1.25f),
        ToyClass.Cat => (-1.10f, 1.16f),
        ToyClass.House => (-1.02f, 1.02f),
        ToyClass.Cup => (-0.90f, 0.98f),
        ToyClass.Boat => (-1.02f, 1.07f),
        ToyClass.Mushroom => (-0.94f, 0.94f),
        _ => (-0.80f, 0.80f),
    };

    private static float Height(Scene scene) => (scene.Class, scene.Accessory) switch
    {
        (ToyClass.CarToy, _) => 1.3f,
        (ToyClass.RabbitToy, _) => 2.22f,
        (_, Accessory.Hat) => 2.35f,
        _ => 2.12f,
    };
}

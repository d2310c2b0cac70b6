using NotebookKit.ToyWorld.Drawing;

namespace NotebookKit.ToyWorld.Figures;

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
                PlushToy.Draw(sheet, scene.Class, Coat.Plain(color), scene.View, scene.Accessory);
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
            default:
                throw new ArgumentOutOfRangeException(nameof(scene), scene.Class, "no such class");
        }
    }

    /// <summary>
    /// Sets the frame for a figure of a height (hat included) and a reach to either side in its own coordinates, in which
    /// figures are about 2 high or 2.2 long.
    /// </summary>
    public static void Place(Sheet sheet, View view, float height, float reach)
    {
        // A tall hat or a long car shrinks the figure rather than leave the picture.
        var scale = Math.Min(view.Height, Math.Min((view.Base + 0.96f) / height, 0.95f / reach));
        var room = Math.Max(0, 0.97f - reach * scale);
        sheet.Frame(Math.Clamp(view.X, -room, room), view.Base, scale, view.Mirrored, figure: true);
    }

    private static float Reach(ToyClass thing) => thing switch
    {
        ToyClass.CarToy => 1.12f,
        ToyClass.DuckToy => 1.05f,
        ToyClass.Dog or ToyClass.Cat => 1.15f,
        ToyClass.House => 1.0f,
        _ => 0.8f,
    };

    private static float Height(Scene scene) => (scene.Class, scene.Accessory) switch
    {
        (ToyClass.CarToy, _) => 1.3f,
        (ToyClass.RabbitToy, Accessory.Hat) => 2.05f,
        (_, Accessory.Hat) => 2.35f,
        _ => 2.05f,
    };
}

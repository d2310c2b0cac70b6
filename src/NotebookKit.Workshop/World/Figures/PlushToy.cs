using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>The sitting plush figure that rabbit, bear, dog and cat toys are cut from, each with its own proportions.</summary>
internal static class PlushToy
{
    /// <summary>Head and body of one class, in figure coordinates.</summary>
    private readonly record struct Cut(
        float HeadY, float HeadRx, float HeadRy, float BodyY, float BodyRx, float BodyRy, float Limb, float FootX, float FootRx,
        float FootRy);

    private static readonly Cut Rabbit = new(-1.06f, 0.60f, 0.50f, -0.36f, 0.40f, 0.38f, 0.115f, 0.29f, 0.22f, 0.14f);
    private static readonly Cut Bear = new(-1.32f, 0.68f, 0.57f, -0.50f, 0.64f, 0.50f, 0.20f, 0.46f, 0.27f, 0.23f);
    private static readonly Cut Dog = new(-1.28f, 0.60f, 0.57f, -0.46f, 0.46f, 0.46f, 0.15f, 0.36f, 0.25f, 0.17f);
    private static readonly Cut Cat = new(-1.16f, 0.66f, 0.50f, -0.40f, 0.38f, 0.42f, 0.11f, 0.25f, 0.20f, 0.14f);

    public static void Draw(Sheet sheet, ToyClass thing, Coat coat, View view, Accessory accessory)
    {
        var cut = thing switch
        {
            ToyClass.RabbitToy => Rabbit,
            ToyClass.BearToy => Bear,
            ToyClass.DogToy => Dog,
            _ => Cat,
        };
        var turn = view.Mirrored ? -view.Turn : view.Turn;
        sheet.Ellipse(0.03f, -0.03f, cut.BodyRx * 1.75f, 0.17f, new Paint(Rgb.Ink, Opacity: 0.5f, Soft: true));
        Tail(sheet, thing, coat, cut, turn);
        Body(sheet, coat, cut, turn);
        Arm(sheet, coat, cut, -1, view.LeftArm);
        Arm(sheet, coat, cut, 1, view.RightArm);
        for (var side = -1; side <= 1; side += 2)
        {
            sheet.Ellipse(side * cut.FootX + turn * 0.04f, -cut.FootRy, cut.FootRx, cut.FootRy, new Paint(coat.Body), side * 0.2f);
            sheet.Ellipse(side * cut.FootX + turn * 0.07f, -cut.FootRy * 0.95f, cut.FootRx * 0.6f, cut.FootRy * 0.62f,
                new Paint(coat.Muzzle, Shade: 0.3f, Detail: true));
        }

        Ears(sheet, thing, coat, cut, turn);
        sheet.Ellipse(0, cut.HeadY, cut.HeadRx, cut.HeadRy, new Paint(coat.Head));
        if (accessory == Accessory.Scarf)
            Wear.Scarf(sheet, 0, cut.HeadY + cut.HeadRy * 0.86f, cut.HeadRx * 0.74f, coat.Body);
        FaceOf(sheet, thing, coat, cut, turn);
        if (accessory == Accessory.Bow)
            Wear.Bow(sheet, turn * 0.05f, cut.HeadY + cut.HeadRy * 1.05f, thing == ToyClass.RabbitToy ? 0.20f : 0.25f,
                coat.Bow ?? Wear.Contrast(coat.Body));
        if (accessory == Accessory.Hat)
            Wear.Hat(sheet, turn * 0.05f, cut.HeadY - cut.HeadRy * 0.80f, thing == ToyClass.RabbitToy ? 0.46f : 0.54f);
    }

    private static void Body(Sheet sheet, Coat coat, Cut cut, float turn)
    {
        sheet.Ellipse(0, cut.BodyY, cut.BodyRx, cut.BodyRy, new Paint(coat.Body));
        sheet.Ellipse(turn * 0.11f, cut.BodyY + cut.BodyRy * 0.02f, cut.BodyRx * 0.62f, cut.BodyRy * 0.68f,
            new Paint(coat.Belly, Shade: 0.35f, Detail: true, Stripe: coat.BellyStripe, Stripes: coat.BellyStripe is null ? 0 : 2.5f));
    }

    private static void Arm(Sheet sheet, Coat coat, Cut cut, int side, float pose)
    {
        // From hanging down along the body over stretched out to raised beside the head.
        var angle = 0.95f - 1.75f * pose;
        var length = cut.BodyRy * 0.80f;
        var (sx, sy) = (side * cut.BodyRx * 0.80f, cut.BodyY - cut.BodyRy * 0.42f);
        var (hx, hy) = (sx + side * Trig.Cos(angle) * length, sy + Trig.Sin(angle) * length);
        sheet.Capsule(sx, sy, hx, hy, cut.Limb, new Paint(coat.Body));
    }

    private static void Tail(Sheet sheet, ToyClass thing, Coat coat, Cut cut, float turn)
    {
        var side = turn >= 0 ? -1 : 1;
        switch (thing)
        {
            case ToyClass.CatToy:
                sheet.Curve((side * 0.20f, -0.14f), (side * 0.98f, -0.05f), (side * 0.68f, -0.80f), 0.085f,
                    new Paint(coat.Body, Shade: 0.4f), 8);
                break;
            case ToyClass.RabbitToy:
                sheet.Circle(side * (cut.BodyRx + 0.03f), -0.26f, 0.15f, new Paint(coat.Muzzle));
                break;
            case ToyClass.DogToy:
                sheet.Curve((side * 0.36f, -0.24f), (side * 0.66f, -0.30f), (side * 0.74f, -0.58f), 0.07f,
                    new Paint(coat.Body, Shade: 0.4f), 5);
                break;
        }
    }

    private static void Ears(Sheet sheet, ToyClass thing, Coat coat, Cut cut, float turn)
    {
        for (var side = -1; side <= 1; side += 2)
        {
            var (x, top) = (side * cut.HeadRx, cut.HeadY - cut.HeadRy);
            switch (thing)
            {
                case ToyClass.RabbitToy when coat.FoldedEar && side > 0:
                    FoldedEar(sheet, coat, x, top);
                    break;
                case ToyClass.RabbitToy:
                    sheet.Ellipse(x * 0.48f, top - 0.25f, 0.165f, 0.44f, new Paint(coat.Ears), side * 0.16f);
                    sheet.Ellipse(x * 0.48f + turn * 0.02f, top - 0.23f, 0.085f, 0.32f,
                        new Paint(coat.EarLining, Shade: 0.3f, Detail: true), side * 0.16f);
                    break;
                case ToyClass.BearToy:
                    sheet.Circle(x * 0.80f, top + 0.05f, 0.25f, new Paint(coat.Ears));
                    sheet.Circle(x * 0.80f + turn * 0.02f, top + 0.07f, 0.145f, new Paint(coat.EarLining, Shade: 0.3f, Detail: true));
                    break;
                case ToyClass.CatToy:
                    sheet.Polygon(new Paint(coat.Ears, Shade: 0.4f), 0.03f,
                        (x * 0.98f, top - 0.36f), (x * 0.24f, top + 0.05f), (x * 0.92f, top + 0.36f));
                    sheet.Polygon(Paint.Mark(coat.EarLining), 0.01f,
                        (x * 0.90f, top - 0.22f), (x * 0.44f, top + 0.06f), (x * 0.82f, top + 0.26f));
                    break;
            }
        }
    }

    private static void FoldedEar(Sheet sheet, Coat coat, float x, float top)
    {
        // Half way up it tips over to the side.
        sheet.Capsule(x * 0.50f, top + 0.05f, x * 0.62f, top - 0.26f, 0.125f, new Paint(coat.Head));
        sheet.Ellipse(x * 0.62f + 0.24f, top - 0.24f, 0.32f, 0.145f, new Paint(coat.Head), 0.38f);
        sheet.Ellipse(x * 0.62f + 0.26f, top - 0.23f, 0.21f, 0.075f, new Paint(coat.EarLining, Shade: 0.3f, Detail: true), 0.38f);
    }

    private static void FaceOf(Sheet sheet, ToyClass thing, Coat coat, Cut cut, float turn)
    {
        var (fx, y) = (turn * (thing == ToyClass.DogToy ? 0.05f : cut.HeadRx * 0.25f), cut.HeadY);
        var dark = new Rgb(0.12f, 0.08f, 0.09f);
        switch (thing)
        {
            case ToyClass.RabbitToy:
                if (coat.EyePatch is { } patch)
                    sheet.Ellipse(fx + 0.25f, y - 0.08f, 0.25f, 0.27f, new Paint(patch, Shade: 0.3f, Detail: true));
                sheet.Ellipse(fx, y + 0.25f, 0.27f, 0.19f, new Paint(coat.Muzzle, Shade: 0.3f, Detail: true));
                Face.Eye(sheet, fx - 0.24f, y - 0.07f, 0.155f, turn);
                Face.Eye(sheet, fx + 0.24f, y - 0.07f, 0.155f, turn);
                sheet.Ellipse(fx, y + 0.15f, 0.090f, 0.065f, Paint.Mark(new Rgb(0.95f, 0.35f, 0.45f)));
                Face.Smile(sheet, fx, y + 0.20f, 0.15f);
                break;
            case ToyClass.BearToy:
                sheet.Ellipse(fx, y + 0.21f, 0.32f, 0.27f, new Paint(coat.Muzzle, Shade: 0.3f, Detail: true));
                Face.Bead(sheet, fx - 0.27f, y - 0.13f, 0.125f, coat.Muzzle);
                Face.Bead(sheet, fx + 0.27f, y - 0.13f, 0.125f, coat.Muzzle);
                sheet.Ellipse(fx, y + 0.10f, 0.145f, 0.105f, Paint.Mark(dark));
                Face.Smile(sheet, fx, y + 0.20f, 0.16f);
                break;
            case ToyClass.DogToy:
                sheet.Ellipse(fx, y + 0.25f, 0.32f, 0.24f, new Paint(coat.Muzzle, Shade: 0.3f, Detail: true));
                Face.Eye(sheet, fx - 0.20f, y - 0.15f, 0.145f, turn);
                Face.Eye(sheet, fx + 0.20f, y - 0.15f, 0.145f, turn);
                sheet.Ellipse(fx, y + 0.40f, 0.120f, 0.16f, Paint.Mark(new Rgb(0.97f, 0.38f, 0.45f)));
                sheet.Ellipse(fx, y + 0.14f, 0.165f, 0.115f, Paint.Mark(dark));
                // Hanging ears lie over the cheeks, so they come last.
                for (var side = -1; side <= 1; side += 2)
                    sheet.Ellipse(side * cut.HeadRx * 1.10f, y + 0.10f, 0.19f, 0.50f, new Paint(Palette.Deep(coat.Ears)), -side * 0.24f);
                break;
            default:
                for (var i = -1; i <= 1; i++)
                    sheet.Capsule(fx + i * 0.16f, y - cut.HeadRy * 0.86f, fx + i * 0.13f, y - cut.HeadRy * (i == 0 ? 0.50f : 0.60f), 0.050f,
                        Paint.Mark(Palette.Deep(coat.Head)));
                sheet.Ellipse(fx - 0.105f, y + 0.23f, 0.16f, 0.13f, new Paint(coat.Muzzle, Shade: 0.3f, Detail: true));
                sheet.Ellipse(fx + 0.105f, y + 0.23f, 0.16f, 0.13f, new Paint(coat.Muzzle, Shade: 0.3f, Detail: true));
                Face.Whiskers(sheet, fx, y + 0.22f, 0.26f, 0.42f);
                Face.CatEye(sheet, fx - 0.27f, y - 0.06f, 0.155f, turn);
                Face.CatEye(sheet, fx + 0.27f, y - 0.06f, 0.155f, turn);
                sheet.Polygon(Paint.Mark(new Rgb(0.93f, 0.30f, 0.42f)), 0.012f, (fx - 0.09f, y + 0.10f), (fx + 0.09f, y + 0.10f),
                    (fx, y + 0.19f));
                Face.Smile(sheet, fx, y + 0.19f, 0.15f);
                break;
        }
    }
}

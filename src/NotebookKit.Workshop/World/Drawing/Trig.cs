namespace NotebookKit.Workshop.World.Drawing;

/// <summary>
/// Sine and cosine from additions and products alone. The C library's differ in the last bit between machines, and a
/// picture must be the same bytes everywhere.
/// </summary>
internal static class Trig
{
    public static double Sin(double angle)
    {
        var x = angle - Math.Tau * Math.Round(angle / Math.Tau);
        double term = x, sum = x, square = x * x;
        for (var k = 1; k <= 11; k++)
        {
            term *= -square / (2 * k * (2 * k + 1));
            sum += term;
        }

        return sum;
    }

    public static double Cos(double angle) => Sin(angle + Math.PI / 2);

    public static float Sin(float angle) => (float)Sin((double)angle);

    public static float Cos(float angle) => (float)Cos((double)angle);
}

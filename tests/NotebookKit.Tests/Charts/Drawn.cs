using System.Globalization;
using System.Xml.Linq;
using NotebookKit.Charts;
using NotebookKit.Display;

namespace NotebookKit.Tests.Charts;

/// <summary>A drawn chart, taken apart.</summary>
internal sealed class Drawn
{
    private static readonly XNamespace Ns = "http://www.w3.org/2000/svg";

    public Drawn(object chart) : this(DisplayFormat.Mime(chart)["text/html"])
    {
    }

    private Drawn(string svg)
    {
        Svg = svg;
        Root = XElement.Parse(svg);
    }

    public static Drawn FromJson(string json) => new(SvgChart.Draw(PlotlyReader.Read(json)));

    public string Svg { get; }

    public XElement Root { get; }

    public string Name => Root.Element(Ns + "title")!.Value;

    public string Description => Root.Element(Ns + "desc")!.Value;

    public List<string> Texts => [.. All("text").Select(t => t.Value)];

    /// <summary>The lines of series, without whiskers.</summary>
    public List<string> Paths => [.. All("path").Where(p => p.Attribute("class") is null).Select(p => p.Attribute("d")!.Value)];

    /// <summary>Each whisker's two ends.</summary>
    public List<List<(double X, double Y)>> Whiskers =>
        [.. All("path").Where(p => p.Attribute("class")?.Value == "whisker").Select(p => PointsOf(p.Attribute("d")!.Value)[..2])];

    public List<(double X, double Y)> Line => PointsOf(Paths[0]);

    /// <summary>The bars, which have a title each.</summary>
    public List<(double X, double Y, double Width, double Height, string Title)> Bars =>
        [.. All("rect").Where(r => r.Element(Ns + "title") is not null)
            .Select(r => (Number(r, "x"), Number(r, "y"), Number(r, "width"), Number(r, "height"), r.Element(Ns + "title")!.Value))];

    public IEnumerable<XElement> All(string element) => Root.Descendants(Ns + element);

    public static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    public static List<(double X, double Y)> PointsOf(string path) =>
        [.. path.Split(['M', 'L'], StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split(' '))
        .Select(p => (double.Parse(p[0], CultureInfo.InvariantCulture), double.Parse(p[1], CultureInfo.InvariantCulture)))];
}

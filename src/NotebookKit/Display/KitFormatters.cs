using NotebookKit.Images;

namespace NotebookKit.Display;

/// <summary>Gives a host one formatter per MIME type; see <see cref="TypeFormatterSourceAttribute"/>.</summary>
internal sealed class KitFormatters
{
    /// <summary>Called by the host, by name.</summary>
    public IEnumerable<object> CreateTypeFormatters() => DisplayFormat.MimeTypes.Select(mime => new MimeFormatter(mime));
}

/// <summary>Writes values in one MIME type.</summary>
internal sealed class MimeFormatter(string mimeType)
{
    /// <summary>Read by the host, by name.</summary>
    public string MimeType { get; } = mimeType;

    /// <summary>Called by the host, by name.</summary>
    /// <returns>False when the value has no such form.</returns>
    public bool Format(object instance, TextWriter writer)
    {
        // A host of this contract cannot choose between PNG and JPEG, as the kit's own does: there each picture is a PNG.
        var form = MimeType == "image/png" && instance is RgbImage picture ? Convert.ToBase64String(picture.ToPng())
            : DisplayFormat.As(MimeType, instance);
        if (form is not { } text)
            return false;
        writer.Write(text);
        return true;
    }
}

namespace NotebookKit.Notebooks.Engine;

/// <summary>Something that a cell yields while it runs.</summary>
public abstract record CellYield;

/// <summary>Text that a cell printed.</summary>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Text">Any length, line ends included.</param>
public sealed record Printed(string Stream, string Text) : CellYield;

/// <summary>A value shown below the cell.</summary>
/// <param name="Data">Its forms by MIME type; binary ones in base64.</param>
/// <param name="Id">By which an update finds it; null when none will come.</param>
public sealed record Displayed(IReadOnlyDictionary<string, string> Data, string? Id) : CellYield;

/// <summary>A value shown earlier, by this cell or another, looks different from now on.</summary>
/// <param name="Data">Its forms by MIME type.</param>
/// <param name="Id">Which display.</param>
public sealed record Updated(IReadOnlyDictionary<string, string> Data, string Id) : CellYield;

/// <summary>The value of the cell's last expression.</summary>
/// <param name="Data">Its forms by MIME type.</param>
public sealed record Returned(IReadOnlyDictionary<string, string> Data) : CellYield;

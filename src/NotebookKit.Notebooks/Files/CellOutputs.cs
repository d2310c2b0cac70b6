using System.Text.Json.Nodes;
using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Notebooks.Files;

/// <summary>
/// Puts what cells yield into their outputs: printed text joined as it comes, updates in place, also in the outputs of
/// earlier cells.
/// </summary>
internal sealed class CellOutputs
{
    private const int LongestText = 100_000;

    private readonly Dictionary<string, List<JsonObject>> _displays = [];
    private readonly Lock _lock = new();
    private JsonArray _outputs = [];
    private int? _count;
    private int _printed;

    /// <summary>The cell whose outputs these are from now on.</summary>
    public void Begin(NotebookCell cell, int count)
    {
        lock (_lock)
            (_outputs, _count, _printed) = (cell.Clear(), count, 0);
    }

    public void Add(CellYield yielded)
    {
        lock (_lock)
        {
            switch (yielded)
            {
                case Printed printed:
                    Print(printed.Stream, printed.Text);
                    break;
                case Displayed shown:
                    var output = new JsonObject
                    {
                        ["output_type"] = "display_data",
                        ["data"] = NotebookText.Bundle(shown.Data),
                        ["metadata"] = new JsonObject()
                    };
                    _outputs.Add(output);
                    if (shown.Id is { } id)
                        (_displays.TryGetValue(id, out var list) ? list : _displays[id] = []).Add(output);
                    break;
                case Updated updated:
                    foreach (var earlier in _displays.GetValueOrDefault(updated.Id) ?? [])
                        earlier["data"] = NotebookText.Bundle(updated.Data);
                    break;
                case Returned returned:
                    _outputs.Add(new JsonObject
                    {
                        ["output_type"] = "execute_result",
                        ["execution_count"] = _count,
                        ["data"] = NotebookText.Bundle(returned.Data),
                        ["metadata"] = new JsonObject()
                    });
                    break;
            }
        }
    }

    public void Fail(CellError error)
    {
        var output = NotebookText.Error(error);
        output["output_type"] = "error";
        lock (_lock)
            _outputs.Add(output);
    }

    /// <summary>A cell that prints without end does not make a file without end.</summary>
    private void Print(string stream, string text)
    {
        if (_printed > LongestText)
            return;
        _printed += text.Length;
        if (_printed > LongestText)
            text = $"{text[..Math.Max(0, text.Length - (_printed - LongestText))]}\n… (what it printed beyond {LongestText} characters is "
                + "left out)\n";
        if (_outputs.Count > 0 && _outputs[^1] is JsonObject last && last.Text("name") == stream)
            last["text"] = NotebookText.Lines(NotebookText.Join(last["text"]) + text);
        else
            _outputs.Add(new JsonObject { ["output_type"] = "stream", ["name"] = stream, ["text"] = NotebookText.Lines(text) });
    }
}

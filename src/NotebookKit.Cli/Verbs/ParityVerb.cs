using System.CommandLine;
using System.Text.Json;
using NotebookKit.Training;
using NotebookKit.Workshop.Parity;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit parity DIR</c>: runs reference data of other tools against the kit.</summary>
internal static class ParityVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var directory = new Argument<string>("dir")
        { Description = "a folder of reference data: a manifest.json in it, or in each of its subfolders" };
        var on = DeviceOption.Create();
        var command = new Command("parity", "Check the kit against reference data made by other tools.") { directory, on };
        var json = Verb.JsonOption(command);
        command.SetAction(parse => Run(parse.GetValue(directory)!, DeviceOption.Of(parse.GetValue(on)), parse.GetValue(json)));
        return command;
    }

    private static int Run(string directory, Device device, bool json)
    {
        Precision.AllowTF32 = false; // its ten bits of fraction are not float32's tolerance
        var output = json ? Console.Error : Console.Out;
        var report = new ParityReport(output.WriteLine);
        foreach (var folder in ReferenceFolder.Find(directory))
        {
            if (ParityArea.All.FirstOrDefault(area => area.Name == folder.Area) is { } known)
                report.RunArea(known, known.RunsNetworks ? folder.On(device) : folder);
            else
                report.Skip(folder.Area, "*", "an area that is not known");
        }

        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(new { report.Passed, report.Failed, report.Skipped, report.Cases }, Verb.Json));
        output.WriteLine($"{report.Passed} passed, {report.Failed} failed, {report.Skipped} skipped");
        return report.Failed > 0 ? Verb.Failed : 0;
    }
}

using System.CommandLine;
using System.Diagnostics;
using NotebookKit.Cli.Doctor;
using NotebookKit.Studio;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit studio</c>: the training panel in a browser.</summary>
internal static class StudioVerb
{
    private static readonly Option<string> Base = BaseOption.Create();
    private static readonly Option<string> Runs = new("--runs")
    { Description = "the folder of the runs", DefaultValueFactory = _ => Path.Combine(Checkout.Root, "runs") };
    private static readonly Option<string> Photos = new("--instance-dir")
    {
        Description = "the photos that the form begins with",
        DefaultValueFactory = _ => Path.Combine(Checkout.Root, "data", "sample-rabbit")
    };
    private static readonly Option<string?> Clip =
        new("--clip") { Description = "a CLIP image encoder's folder: it judges likeness instead of the probe, for real photos" };
    private static readonly Option<bool> NoBrowser = new("--no-browser") { Description = "print the address only" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var command = new Command("studio", "Train in a browser: settings, live knobs, runs side by side, pictures.")
            { Base, Runs, Photos, Clip, NoBrowser };
        command.SetAction(async (parse, cancel) =>
        {
            var clip = parse.GetValue(Clip);
            if (clip is not null)
                ProbeVerb.Judge(clip, ProbeVerb.Shipped).Dispose(); // what is wrong with it is told now
            var judged = clip is not null || Directory.Exists(ProbeVerb.Shipped);
            if (!judged)
                Console.Error.WriteLine($"kit: likeness and drift are not measured, for {ProbeVerb.Shipped} is missing; run kit in its "
                    + "checkout, or give --clip a CLIP image encoder's folder.");
            await using var server = await StudioServer.StartAsync(parse.GetValue(Base)!, parse.GetValue(Runs)!, parse.GetValue(Photos)!,
                judged ? () => ProbeVerb.Judge(clip, ProbeVerb.Shipped) : null);
            Console.WriteLine(server.Address);
            if (!parse.GetValue(NoBrowser))
                Open(server.Address);
            await Task.Delay(Timeout.Infinite, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        });
        return command;
    }

    // Where there is no browser the printed address does.
    private static void Open(Uri address)
    {
        try
        {
            Process.Start(new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true })?.Dispose();
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or FileNotFoundException)
        {
        }
    }
}

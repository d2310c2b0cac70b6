using System.CommandLine;
using System.Text.Json;
using NotebookKit.Cli.Doctor;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit doctor</c>: what the machine has, what was chosen and why, and a remedy for what is missing.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var verb = new Command("doctor", "tell what the machine has, what was chosen and why, and what is missing");
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            List<Finding> findings = [.. MachineChecks.All(), .. TensorChecks.All(), .. NotebookChecks.All(), .. DataChecks.All()];
            var healthy = findings.All(finding => finding.Health != Health.Missing);
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(new { ok = healthy, findings = findings.Select(Row) }, Verb.Json));
            else
                Print(findings);
            return healthy ? 0 : Verb.Failed;
        });
        return verb;
    }

    private static object Row(Finding finding) => new { finding.Name, Health = Word(finding.Health), finding.Value, finding.Remedy };

    private static void Print(List<Finding> findings)
    {
        var width = findings.Max(finding => finding.Name.Length);
        foreach (var finding in findings)
        {
            Console.WriteLine($"{Word(finding.Health),-8} {finding.Name.PadRight(width)}  {finding.Value}");
            if (finding.Remedy is not null)
                Console.WriteLine($"{"",-8} {"".PadRight(width)}  → {finding.Remedy}");
        }
    }

    private static string Word(Health health) => health switch
    {
        Health.Ok => "ok",
        Health.Warning => "warning",
        _ => "missing",
    };
}

using NotebookKit.Training.Settings;

namespace NotebookKit.Training.Memory;

/// <summary>A change of a run's settings that saves memory.</summary>
/// <param name="What">What to do, as the beginning of a sentence.</param>
/// <param name="Flags">The same on the command line of <c>kit train</c>, each flag before its value where it has one.</param>
/// <param name="Cost">What it costs, as the end of a sentence.</param>
public sealed record MemoryChange(string What, IReadOnlyList<string> Flags, string Cost)
{
    /// <summary>Whether a run can go on with it from its checkpoint.</summary>
    public bool KeepsCheckpoints => Flags.Where(IsFlag).All(flag => Find(flag)?.MayChange == true);

    /// <summary>A plan with the change made.</summary>
    public MemoryPlan Of(MemoryPlan plan)
    {
        for (var i = 0; i < Flags.Count; i++)
        {
            if (!IsFlag(Flags[i]))
                continue;
            var value = i + 1 < Flags.Count && !IsFlag(Flags[i + 1]) ? Flags[i + 1] : "true";
            plan = Find(Flags[i]) is { } setting ? plan with { Options = setting.With(plan.Options, SettingText.Read(setting, [value])) }
                : plan with { DType = Precision.TypeOf(value, Flags[i]) };
        }

        return plan;
    }

    /// <summary>What to do and how: "Turn gradient checkpointing on (--checkpointing)".</summary>
    public override string ToString() => $"{What} ({string.Join(' ', Flags)})";

    private static bool IsFlag(string text) => text.StartsWith("--", StringComparison.Ordinal);

    private static Setting? Find(string flag) => Setting.All.FirstOrDefault(setting => setting.Flag == flag);
}

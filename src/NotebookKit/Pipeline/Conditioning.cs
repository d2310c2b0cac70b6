using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// What the UNet attends to in each sampling step, from a prompt in the web UI's language: <c>AND</c>
/// (<see cref="SubPrompt"/>), changes (<see cref="PromptSchedule"/>), weights and chunks (<see cref="PromptEncoder"/>).
/// </summary>
internal sealed class Conditioning
{
    private readonly StepStates[] _steps;

    private Conditioning(StepStates[] steps) => this._steps = steps;

    /// <summary>Encodes the prompts; the tensors belong to the caller's dispose scope.</summary>
    /// <param name="model">Its text encoder reads them.</param>
    /// <param name="options">The prompts, and how many steps there will be. Tags in the prompt are left out.</param>
    /// <exception cref="BadInputException">A prompt cannot be read, or the text encoder has fewer layers than are to be
    /// skipped.</exception>
    public static Conditioning Encode(StableDiffusion model, SampleOptions options)
    {
        var encoder = new PromptEncoder(model, options.Emphasis, options.ClipSkip);
        var parts = SubPrompt.Split(ExtraNetworkTag.TakeOut(options.Prompt).Prompt);
        // What sub-prompts say is added up as differences from the negative prompt, so they need one.
        var guided = options.GuidanceScale > 1 || parts.Count > 1 || parts[0].Weight != 1;
        List<string> prompts = [.. parts.Select(part => part.Text)];
        if (guided)
            prompts.Insert(0, options.NegativePrompt);
        var schedules = prompts.Select(prompt => PromptSchedule.Parse(prompt, options.Steps)).ToList();
        var texts = schedules.SelectMany(schedule => schedule.Stretches).Select(stretch => stretch.Text).Distinct().ToList();
        var states = texts.Zip(encoder.Encode(texts)).ToDictionary(pair => pair.First, pair => pair.Second);
        var lengths = schedules.Select(schedule => schedule.Stretches.Max(stretch => states[stretch.Text].shape[1])).ToList();
        var empty = states.Values.All(each => each.shape[1] == lengths[0]) ? null : encoder.EncodeEmpty();

        var known = new Dictionary<string, StepStates>();
        var steps = new StepStates[options.Steps];
        for (var i = 0; i < steps.Length; i++)
        {
            var said = schedules.Select(schedule => schedule.At(i + 1)).ToList();
            var key = string.Join('\0', said);
            if (!known.TryGetValue(key, out var now))
                known.Add(key, now = Combine(said.Select((text, p) => LengthenedByEmpty(states[text], lengths[p], empty)).ToList(), guided,
                    parts, empty));
            steps[i] = now;
        }

        return new Conditioning(steps);
    }

    /// <summary>The states of a step; the same object as long as they do not change.</summary>
    /// <param name="step">From 0 to <see cref="SampleOptions.Steps"/> − 1.</param>
    public StepStates At(int step) => _steps[step];

    // One length for all, as the web UI makes it: between sub-prompts by the shorter one's last vector, else by empty chunks.
    private static StepStates Combine(List<Tensor> states, bool guided, IReadOnlyList<SubPrompt> parts, Tensor? empty)
    {
        var first = guided ? 1 : 0;
        var longestPart = states.Skip(first).Max(each => each.shape[1]);
        var longest = states.Max(each => each.shape[1]);
        var even = states.Select((each, i) => LengthenedByEmpty(i < first ? each : LengthenedByLast(each, longestPart), longest, empty))
            .ToList();
        return new StepStates(guided ? even[0] : null, [.. parts.Select((part, i) => (even[first + i], part.Weight))]);
    }

    private static Tensor LengthenedByEmpty(Tensor states, long length, Tensor? empty) => states.shape[1] == length
        ? states
        : cat([states, .. Enumerable.Repeat(empty!, (int)((length - states.shape[1]) / empty!.shape[1]))], 1);

    private static Tensor LengthenedByLast(Tensor states, long length) => states.shape[1] == length
        ? states
        : cat([states, states.narrow(1, states.shape[1] - 1, 1).expand(-1, length - states.shape[1], -1)], 1);
}

/// <summary>The text states of a sampling step, each (1, L, D) with one L for all.</summary>
/// <param name="Negative">What to lead away from; null without guidance.</param>
/// <param name="Prompts">What to lead to, and how strongly each (composable diffusion, Liu et al. 2022).</param>
internal sealed record StepStates(Tensor? Negative, IReadOnlyList<(Tensor States, double Weight)> Prompts);

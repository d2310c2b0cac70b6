namespace NotebookKit.Schedulers;

/// <summary>
/// Which of the training timesteps a sampler visits, from noisy to clean; the three ways of Lin et al. 2023, table 2,
/// rounded as numpy does.
/// </summary>
internal static class TimestepSpacing
{
    /// <summary>Every N/n-th timestep counted from 0, shifted by an offset: what Stable Diffusion was published with.</summary>
    public static double[] Leading(int trainSteps, int steps, int offset, int visited)
    {
        var ratio = trainSteps / steps;
        return [.. Enumerable.Range(0, steps).Reverse().Select(i => (double)(i * ratio + offset)).Take(visited)];
    }

    /// <summary>Evenly from the last timestep to 0, both included; not rounded.</summary>
    public static double[] LinSpace(int trainSteps, int steps)
    {
        if (steps == 1)
            return [0];
        var step = (trainSteps - 1) / (double)(steps - 1);
        return [.. Enumerable.Range(0, steps).Reverse().Select(i => i == steps - 1 ? trainSteps - 1 : i * step)];
    }

    /// <summary>Every N/n-th timestep counted from the last down: with few steps it alone starts from pure noise.</summary>
    public static double[] Trailing(int last, int trainSteps, int steps)
    {
        var ratio = trainSteps / (double)steps;
        var stride = last - ratio - last; // as numpy.arange steps
        var count = Math.Min((int)Math.Ceiling(last / ratio), steps);
        return [.. Enumerable.Range(0, count).Select(i => Math.Round(last + i * stride) - 1)];
    }

    /// <summary>The whole timesteps of DDIM, DDPM and PNDM.</summary>
    public static double[] Whole(SchedulerConfig config, int steps) => (config.TimestepSpacing ?? "leading") switch
    {
        "linspace" => [.. LinSpace(config.NumTrainTimesteps, steps).Select(t => Math.Round(t))],
        "trailing" => Trailing(config.NumTrainTimesteps, config.NumTrainTimesteps, steps),
        _ => Leading(config.NumTrainTimesteps, steps, config.StepsOffset, steps),
    };
}

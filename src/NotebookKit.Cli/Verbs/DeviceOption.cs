using System.CommandLine;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>--device</c> of the verbs that run a model.</summary>
internal static class DeviceOption
{
    /// <summary>The option; the first GPU is taken where there is one.</summary>
    public static Option<string?> Create() =>
        new("--device") { Description = "where the model runs: cpu, cuda, or cuda:1 for the second GPU (cuda where there is one)" };

    /// <summary>The device that was asked for, or the best there is.</summary>
    /// <param name="name">The option's value.</param>
    /// <exception cref="BadInputException">It is no device, or this machine has none of that name.</exception>
    public static Device Of(string? name)
    {
        var count = cuda.device_count();
        if (name is null)
            return count > 0 ? new Device(DeviceType.CUDA, 0) : CPU;
        Device device;
        try
        {
            device = new Device(name);
        }
        catch (ArgumentException)
        {
            throw new BadInputException($"--device '{name}' is no device; write cpu, cuda, or cuda:1 for the second GPU.");
        }

        if (device.type is not (DeviceType.CPU or DeviceType.CUDA) || (device.type == DeviceType.CPU && device.index > 0))
            throw new BadInputException($"--device {name} cannot run a model; write cpu, cuda, or cuda:1 for the second GPU.");
        if (device.type == DeviceType.CUDA && count == 0)
            throw new BadInputException($"--device {name}: this machine has no GPU that libtorch can use; leave --device out or take cpu "
                + "(kit doctor says what there is).");
        if (device.type == DeviceType.CUDA && device.index >= count)
            throw new BadInputException($"--device {name}: this machine has {count} GPU{(count == 1 ? "" : "s")}; take "
                + $"cuda:0{(count > 1 ? $" to cuda:{count - 1}" : "")}.");
        return device.type == DeviceType.CUDA && device.index < 0 ? new Device(DeviceType.CUDA, 0) : device;
    }
}

using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Conversions of modules that keep the module's class.</summary>
public static class ModuleExtensionMethods
{
    /// <summary>Moves parameters and buffers to a device.</summary>
    public static T to<T>(this T module, Device device, bool non_blocking = false) where T : nn.Module => (T)module.Convert(device, null);

    /// <summary>Moves parameters and buffers to a device.</summary>
    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false) where T : nn.Module =>
        (T)module.Convert(new Device(deviceType, deviceIndex), null);

    /// <summary>Moves parameters and buffers to a device and, the real ones, to an element type.</summary>
    public static T to<T>(this T module, Device device, ScalarType dtype, bool non_blocking = false) where T : nn.Module => (T)module.Convert(device, dtype);

    /// <summary>Converts the real parameters and buffers to an element type.</summary>
    public static T to<T>(this T module, ScalarType dtype, bool non_blocking = false) where T : nn.Module => (T)module.Convert(null, dtype);

    /// <summary>Moves parameters and buffers to the processor.</summary>
    public static T cpu<T>(this T module) where T : nn.Module => (T)module.Convert(CPU, null);

    /// <summary>Moves parameters and buffers to a CUDA device.</summary>
    public static T cuda<T>(this T module, int deviceIndex = -1) where T : nn.Module => (T)module.Convert(new Device(DeviceType.CUDA, deviceIndex), null);

    /// <summary>Converts the real parameters and buffers to half precision.</summary>
    public static T half<T>(this T module) where T : nn.Module => (T)module.Convert(null, ScalarType.Float16);

    /// <summary>Converts the real parameters and buffers to bfloat16.</summary>
    public static T bfloat16<T>(this T module) where T : nn.Module => (T)module.Convert(null, ScalarType.BFloat16);
}

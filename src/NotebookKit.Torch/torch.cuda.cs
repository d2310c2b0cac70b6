namespace TorchSharp;

public static partial class torch
{
    /// <summary>NVIDIA GPUs.</summary>
    public static class cuda
    {
        /// <summary>Whether libtorch was built with CUDA and sees a GPU.</summary>
        public static bool is_available() => device_count() > 0;

        /// <summary>How many GPUs there are.</summary>
        public static int device_count() => Math.Max(0, NativeMethods.kit_device_count((int)DeviceType.CUDA));

        /// <summary>Waits for a GPU to finish its work.</summary>
        public static void synchronize(Device? device = null)
        {
            if (is_available())
                NativeMethods.Check(NativeMethods.kit_synchronize(Current(device)), "synchronize");
        }

        /// <summary>Seeds the default generator of the GPUs.</summary>
        public static void manual_seed(long seed)
        {
            for (var i = 0; i < device_count(); i++)
                using (var generator = Generator.Shared(new Device(DeviceType.CUDA, i)))
                    generator.manual_seed(seed);
        }

        internal static long Current(Device? device) => (device is null || device.index < 0 ? new Device(DeviceType.CUDA, 0) : device).Packed;
    }

    /// <summary>Whether libtorch was built with CUDA and sees a GPU.</summary>
    public static bool cuda_is_available() => cuda.is_available();
}

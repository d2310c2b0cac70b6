using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Where a tensor's data lie: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>.</summary>
    public sealed class Device : IEquatable<Device>
    {
        /// <summary>The device that a text names: <c>cpu</c>, <c>cuda</c>, <c>cuda:0</c>, <c>meta</c>.</summary>
        /// <exception cref="ArgumentException">The text names no device.</exception>
        public Device(string description)
        {
            var colon = description.IndexOf(':', StringComparison.Ordinal);
            var kind = (colon < 0 ? description : description[..colon]).Trim().ToLowerInvariant();
            type = kind switch
            {
                "cpu" => DeviceType.CPU,
                "cuda" => DeviceType.CUDA,
                "meta" => DeviceType.META,
                _ => throw new ArgumentException($"\"{description}\" is not a device: say cpu, cuda, or cuda:0."),
            };
            index = -1;
            if (colon >= 0)
                index = int.TryParse(description.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var i)
                    ? i
                    : throw new ArgumentException($"\"{description}\" is not a device: after the colon comes its number.");
        }

        /// <summary>A device by its kind and number; -1 is the current one.</summary>
        public Device(DeviceType type, int index = -1)
        {
            this.type = type;
            this.index = index;
        }

        /// <summary>The kind.</summary>
        public DeviceType type { get; }

        /// <summary>The number, -1 for the current one.</summary>
        public int index { get; }

        internal long Packed => ((long)type << 8) | ((long)index & 0xff);

        internal static Device FromPacked(long packed) =>
            packed == ((long)DeviceType.CPU << 8 | 0xff) ? CPU : new((DeviceType)(packed >> 8), (sbyte)(packed & 0xff));

        /// <summary>A device from its text.</summary>
        public static implicit operator Device(string description) => new(description);

        /// <inheritdoc/>
        public bool Equals(Device? other) =>
            other is not null && type == other.type && (index == other.index || (index <= 0 && other.index <= 0));

        /// <inheritdoc/>
        public override bool Equals(object? obj) => Equals(obj as Device);

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(type, Math.Max(index, 0));

        /// <summary>Whether two name the same device; no number means number 0.</summary>
        public static bool operator ==(Device? a, Device? b) => a is null ? b is null : a.Equals(b);

        /// <summary>Whether two name different devices.</summary>
        public static bool operator !=(Device? a, Device? b) => !(a == b);

        /// <inheritdoc/>
        public override string ToString() =>
            index < 0 ? type.ToString().ToLowerInvariant() : string.Create(CultureInfo.InvariantCulture, $"{type.ToString().ToLowerInvariant()}:{index}");
    }

    /// <summary>The processor.</summary>
    public static Device CPU { get; } = new(DeviceType.CPU);

    /// <summary>The current CUDA device.</summary>
    public static Device CUDA { get; } = new(DeviceType.CUDA);

    /// <summary>A device by its text.</summary>
    public static Device device(string description) => new(description);

    /// <summary>A device by its kind and number.</summary>
    public static Device device(string type, int index) => new(new Device(type).type, index);

    /// <summary>A device by its kind and number.</summary>
    public static Device device(DeviceType type, int index = -1) => new(type, index);
}

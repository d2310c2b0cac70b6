namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public abstract partial class Module
        {
            /// <summary>The parameters and persistent buffers under their full names; the tensors themselves, not copies.</summary>
            /// <param name="destination">where to put them; a new dictionary without it</param>
            /// <param name="prefix">what to put before the names: <c>unet</c> gives <c>unet.conv_in.weight</c></param>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                foreach (var (path, module) in Tree(string.IsNullOrEmpty(prefix) ? "" : prefix + "."))
                {
                    foreach (var (key, parameter) in module.ownParameters)
                        destination.TryAdd(path + key, parameter);
                    foreach (var (key, buffer) in module.ownBuffers)
                        if (buffer.Persistent)
                            destination.TryAdd(path + key, buffer.Tensor);
                }

                return destination;
            }

            /// <summary>Copies values into the parameters and buffers, converting type and device.</summary>
            /// <param name="source">values under full names</param>
            /// <param name="strict">throws when names are missing or left over</param>
            /// <param name="skip">names that keep their values</param>
            /// <returns>the names that source lacks, and those that the module lacks</returns>
            /// <exception cref="InvalidOperationException">The names do not match (strict).</exception>
            /// <exception cref="ArgumentException">A shape does not match.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                var own = state_dict();
                var left = skip is null ? [] : new HashSet<string>(skip);
                var missing = own.Keys.Where(key => !source.ContainsKey(key) && !left.Contains(key)).ToList();
                var unexpected = source.Keys.Where(key => !own.ContainsKey(key) && !left.Contains(key)).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                    throw new InvalidOperationException($"{GetName()}: the state dictionary lacks {Some(missing)} and has unexpected {Some(unexpected)}.");

                using var noGrad = no_grad();
                foreach (var (key, target) in own)
                {
                    if (left.Contains(key) || !source.TryGetValue(key, out var value))
                        continue;
                    if (!target.shape.AsSpan().SequenceEqual(value.shape))
                        throw new ArgumentException($"{key}: {value.Summary()} does not fit {target.Summary()}.");
                    target.copy_(value);
                }

                return (missing, unexpected);
            }

            // Parameter objects stay, so that optimizers and whoever else holds them see the new data.
            internal Module Convert(Device? device, ScalarType? dtype)
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                foreach (var parameter in parameters())
                {
                    ConvertInPlace(parameter, device, dtype);
                    if (parameter.grad is { } grad && Target(grad, device, dtype) is { } target)
                        parameter.grad = grad.to(target.Type, target.Device);
                }

                foreach (var buffer in buffers())
                    ConvertInPlace(buffer, device, dtype);
                return this;
            }

            private static void ConvertInPlace(Tensor tensor, Device? device, ScalarType? dtype)
            {
                if (Target(tensor, device, dtype) is { } target)
                    tensor.set_data(tensor.to(target.Type, target.Device));
            }

            // Where to and what type, or null where the tensor is there and so. Whole numbers stay whole.
            private static (ScalarType Type, Device Device)? Target(Tensor tensor, Device? device, ScalarType? dtype)
            {
                var type = dtype is { } wanted && tensor.is_floating_point() ? wanted : tensor.dtype;
                var place = device ?? tensor.device;
                return type == tensor.dtype && place == tensor.device ? null : (type, place);
            }

            private static string Some(List<string> names) =>
                names.Count == 0 ? "nothing" : string.Join(", ", names.Take(5)) + (names.Count > 5 ? $" and {names.Count - 5} more" : "");
        }
    }
}

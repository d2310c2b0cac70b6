using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Ways to fill a tensor before training, in place and without tracking gradients.</summary>
        public static class init
        {
            /// <summary>What the layer's output passes through; sets the gain.</summary>
            public enum NonlinearityType
            {
                /// <summary>Gain 1.</summary>
                Linear,

                /// <summary>Gain √2.</summary>
                ReLU,

                /// <summary>Gain √(2 / (1 + a²)).</summary>
                LeakyReLU,

                /// <summary>Gain 5/3.</summary>
                Tanh,
            }

            /// <summary>Which fan the kaiming rules keep.</summary>
            public enum FanInOut
            {
                /// <summary>Inputs of a unit: keeps the forward variance.</summary>
                FanIn,

                /// <summary>Outputs of a unit: keeps the backward variance.</summary>
                FanOut,
            }

            /// <summary>Fills with a constant.</summary>
            /// <param name="tensor">The tensor.</param>
            /// <param name="val">The value.</param>
            public static Tensor constant_(Tensor tensor, Scalar val) => Fill(tensor, t => t.fill_(val));

            /// <summary>Fills with 0.</summary>
            /// <param name="tensor">The tensor.</param>
            public static Tensor zeros_(Tensor tensor) => Fill(tensor, t => t.zero_());

            /// <summary>Fills with 1.</summary>
            /// <param name="tensor">The tensor.</param>
            public static Tensor ones_(Tensor tensor) => Fill(tensor, t => t.fill_(1));

            /// <summary>Fills from U(low, high).</summary>
            /// <param name="tensor">The tensor.</param>
            /// <param name="low">Lower end.</param>
            /// <param name="high">Upper end.</param>
            /// <param name="generator">Where the numbers come from; the default generator if null.</param>
            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1, Generator? generator = null) =>
                Fill(tensor, t => t.uniform_(low, high, generator));

            /// <summary>Fills from N(mean, std²).</summary>
            /// <param name="tensor">The tensor.</param>
            /// <param name="mean">The mean.</param>
            /// <param name="std">The standard deviation.</param>
            /// <param name="generator">Where the numbers come from; the default generator if null.</param>
            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null) =>
                Fill(tensor, t => t.normal_(mean, std, generator));

            /// <summary>Fills from U(−b, b) with b = gain · √(3 / fan) (He et al., 2015).</summary>
            /// <param name="tensor">At least two dimensions: (out, in, …).</param>
            /// <param name="a">Slope of the leaky ReLU that follows.</param>
            /// <param name="mode">Which fan to keep.</param>
            /// <param name="nonlinearity">What follows the layer.</param>
            /// <param name="generator">Where the numbers come from; the default generator if null.</param>
            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn,
                NonlinearityType nonlinearity = NonlinearityType.LeakyReLU, Generator? generator = null)
            {
                var bound = calculate_gain(nonlinearity, a) * Math.Sqrt(3.0 / Fan(tensor, mode));
                return uniform_(tensor, -bound, bound, generator);
            }

            /// <summary>Fills from N(0, gain² / fan) (He et al., 2015).</summary>
            /// <param name="tensor">At least two dimensions: (out, in, …).</param>
            /// <param name="a">Slope of the leaky ReLU that follows.</param>
            /// <param name="mode">Which fan to keep.</param>
            /// <param name="nonlinearity">What follows the layer.</param>
            /// <param name="generator">Where the numbers come from; the default generator if null.</param>
            public static Tensor kaiming_normal_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn,
                NonlinearityType nonlinearity = NonlinearityType.LeakyReLU, Generator? generator = null) =>
                normal_(tensor, 0, calculate_gain(nonlinearity, a) / Math.Sqrt(Fan(tensor, mode)), generator);

            /// <summary>Fills from U(−b, b) with b = gain · √(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).</summary>
            /// <param name="tensor">At least two dimensions: (out, in, …).</param>
            /// <param name="gain">Scale.</param>
            /// <param name="generator">Where the numbers come from; the default generator if null.</param>
            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1, Generator? generator = null)
            {
                var bound = gain * Math.Sqrt(6.0 / (Fan(tensor, FanInOut.FanIn) + Fan(tensor, FanInOut.FanOut)));
                return uniform_(tensor, -bound, bound, generator);
            }

            /// <summary>Fills from N(0, gain² · 2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).</summary>
            /// <param name="tensor">At least two dimensions: (out, in, …).</param>
            /// <param name="gain">Scale.</param>
            /// <param name="generator">Where the numbers come from; the default generator if null.</param>
            public static Tensor xavier_normal_(Tensor tensor, double gain = 1, Generator? generator = null) =>
                normal_(tensor, 0, gain * Math.Sqrt(2.0 / (Fan(tensor, FanInOut.FanIn) + Fan(tensor, FanInOut.FanOut))), generator);

            /// <summary>Fills from N(mean, std²), cut to [a, b].</summary>
            /// <param name="tensor">The tensor.</param>
            /// <param name="mean">The mean.</param>
            /// <param name="std">The standard deviation.</param>
            /// <param name="a">Lower bound.</param>
            /// <param name="b">Upper bound.</param>
            /// <param name="generator">Where the numbers come from; the default generator if null.</param>
            public static Tensor trunc_normal_(Tensor tensor, double mean = 0, double std = 1, double a = -2, double b = 2, Generator? generator = null) => Fill(tensor, t =>
            {
                // The inverse of the normal distribution at numbers evenly between its values at the bounds.
                var low = Phi((a - mean) / std);
                var high = Phi((b - mean) / std);
                t.uniform_(2 * low - 1, 2 * high - 1, generator).erfinv_().mul_(std * Math.Sqrt(2)).add_(mean).clamp_(a, b);
            });

            /// <summary>A new parameter with first values, unless they are skipped.</summary>
            internal static Parameter New(ReadOnlySpan<long> shape, ScalarType? dtype, Device? device, Action<Tensor> fill)
            {
                var parameter = new Parameter(empty(shape, dtype ?? SkipInitialisation.DType, device ?? SkipInitialisation.Device));
                if (!SkipInitialisation.Active)
                    fill(parameter);
                return parameter;
            }

            /// <summary>Weight and bias as torch's linear and convolution layers have them at first: even in ±1/√fan_in.</summary>
            internal static (Parameter Weight, Parameter? Bias) NewLayer(ReadOnlySpan<long> shape, bool hasBias, ScalarType? dtype, Device? device)
            {
                var weight = New(shape, dtype, device, w => kaiming_uniform_(w, Math.Sqrt(5)));
                var fanIn = shape[0] == 0 ? 0 : weight.numel() / shape[0];
                var bound = fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0;
                return (weight, hasBias ? New([shape[0]], dtype, device, b => uniform_(b, -bound, bound)) : null);
            }

            private static double Phi(double x)
            {
                using var at = torch.tensor(x / Math.Sqrt(2), ScalarType.Float64);
                using var value = at.erf();
                return (1 + value.item<double>()) / 2;
            }

            /// <summary>The gain of a nonlinearity.</summary>
            /// <param name="nonlinearity">Which.</param>
            /// <param name="param">Slope of the leaky ReLU.</param>
            public static double calculate_gain(NonlinearityType nonlinearity, double param = 0) => nonlinearity switch
            {
                NonlinearityType.ReLU => Math.Sqrt(2),
                NonlinearityType.LeakyReLU => Math.Sqrt(2 / (1 + param * param)),
                NonlinearityType.Tanh => 5.0 / 3,
                _ => 1,
            };

            private static long Fan(Tensor tensor, FanInOut mode)
            {
                var shape = tensor.shape;
                if (shape.Length < 2)
                    throw new ArgumentException($"Fans need at least two dimensions, the tensor has shape [{string.Join(", ", shape)}].", nameof(tensor));
                long field = 1;
                foreach (var size in shape.AsSpan(2))
                    field *= size;
                return shape[mode == FanInOut.FanIn ? 1 : 0] * field;
            }

            private static Tensor Fill(Tensor tensor, Action<Tensor> fill)
            {
                using var noGrad = no_grad();
                fill(tensor);
                return tensor;
            }
        }
    }
}

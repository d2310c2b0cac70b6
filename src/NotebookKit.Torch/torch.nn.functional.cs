namespace TorchSharp;

public static partial class torch
{
    /// <summary>How a picture is read between its pixels.</summary>
    public enum InterpolationMode
    {
        /// <summary>The pixel before.</summary>
        Nearest = 0,

        /// <summary>A line between two elements of one axis.</summary>
        Linear = 1,

        /// <summary>A plane between four pixels.</summary>
        Bilinear = 2,

        /// <summary>A cubic over sixteen pixels.</summary>
        Bicubic = 3,

        /// <summary>Between eight elements of three axes.</summary>
        Trilinear = 4,

        /// <summary>The mean of the pixels covered.</summary>
        Area = 5,

        /// <summary>The nearest pixel.</summary>
        NearestExact = 6,
    }

    public static partial class nn
    {
        /// <summary>Layers without parameters of their own.</summary>
        public static partial class functional
        {
            private static Arg Pair(long[]? values, long value) => values switch
            {
                null => Arg.Pair(value, value),
                [var one] => Arg.Pair(one, one),
                _ => values,
            };

            private static Arg Pair((long, long) values) => Arg.Pair(values.Item1, values.Item2);

            private static Arg Single(long? value, long without) => (ReadOnlySpan<long>)[value ?? without];

            /// <summary>x · weightᵀ + bias: (…, in), (out, in), (out) to (…, out).</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => Ops.linear.Call(input, weights, bias);

            /// <summary>Convolution: (B, C, H, W), (O, C / groups, h, w), (O) to (B, O, H', W').</summary>
            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                Ops.conv2d.Call(input, weight, bias, Pair(strides, 1), Pair(padding, 0), Pair(dilation, 1), groups);

            /// <summary>Convolution: (B, C, L), (O, C / groups, l), (O) to (B, O, L').</summary>
            public static Tensor conv1d(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, long? padding = null, long? dilation = null, long groups = 1) =>
                Ops.conv1d.Call(input, weight, bias, Single(stride, 1), Single(padding, 0), Single(dilation, 1), groups);

            /// <summary>The transpose of convolution: (B, C, H, W), (C, O / groups, h, w), (O) to (B, O, H', W').</summary>
            public static Tensor conv_transpose2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                Ops.conv_transpose2d_input.Call(input, weight, bias, Pair(strides, 1), Pair(padding, 0), Pair(output_padding, 0), groups, Pair(dilation, 1));

            /// <summary>Groups of channels normalized to mean 0 and deviation 1, then scaled and shifted.</summary>
            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-05) =>
                Ops.group_norm.Call(input, num_groups, weight, bias, eps);

            /// <summary>The last axes normalized to mean 0 and deviation 1, then scaled and shifted.</summary>
            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-05) =>
                Ops.layer_norm.Call(input, normalized_shape, weight, bias, eps);

            /// <summary>Rows of a table, by number: (…), (n, d) to (…, d).</summary>
            public static Tensor embedding(Tensor input, Tensor weight, long? padding_idx = null) => Ops.embedding.Call(weight, input, padding_idx ?? -1);

            /// <summary>1 in the column that each number names, else 0.</summary>
            public static Tensor one_hot(Tensor x, long num_classes = -1) => Ops.one_hot.Call(x, num_classes);

            /// <summary>In training, elements set to 0 at a probability and the others scaled up.</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false)
            {
                if (!inplace)
                    return Ops.dropout.Call(input, p, training);
                Ops.dropout_.Run(input, p, training);
                return input;
            }

            /// <summary>A border around the last axes: <paramref name="pad"/> has, from the last axis on, what comes before and after.</summary>
            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => mode switch
            {
                PaddingModes.Reflect => Ops.pad.Call(input, pad, Arg.Utf8("reflect"u8)),
                PaddingModes.Replicate => Ops.pad.Call(input, pad, Arg.Utf8("replicate"u8)),
                PaddingModes.Circular => Ops.pad.Call(input, pad, Arg.Utf8("circular"u8)),
                _ => Ops.pad.Call(input, pad, Arg.Utf8("constant"u8), value),
            };

            /// <summary>The means of windows.</summary>
            public static Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true) =>
                Ops.avg_pool2d.Call(input, kernel_size, stride ?? kernel_size, Pair(padding, 0), ceil_mode, count_include_pad);

            /// <summary>The means of square windows.</summary>
            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true) =>
                avg_pool2d(input, [kernel_size, kernel_size], [stride ?? kernel_size, stride ?? kernel_size], [padding, padding], ceil_mode, count_include_pad);

            /// <summary>The largest elements of windows.</summary>
            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Ops.max_pool2d.Call(input, kernel_size, strides ?? kernel_size, Pair(padding, 0), Pair(dilation, 1), ceil_mode);

            /// <summary>The largest elements of square windows.</summary>
            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, long dilation = 1, bool ceil_mode = false) =>
                max_pool2d(input, [kernel_size, kernel_size], [stride ?? kernel_size, stride ?? kernel_size], [padding, padding], [dilation, dilation], ceil_mode);

            /// <summary>The means of as many windows as the output is to have.</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, ReadOnlySpan<long> output_size) => Ops.adaptive_avg_pool2d.Call(input, output_size);

            /// <summary>The means of as many windows as the output is to have.</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) => adaptive_avg_pool2d(input, [output_size, output_size]);

            /// <summary>Vectors of p-norm 1 along an axis.</summary>
            public static Tensor normalize(Tensor input, double p = 2.0, long dim = 1, double eps = 1e-12)
            {
                using var scope = NewDisposeScope();
                var length = Ops.norm_ScalarOpt_dim.Call(input, p, (ReadOnlySpan<long>)[dim], true);
                return (input / length.clamp_min(eps).expand_as(input)).MoveToOuterDisposeScope();
            }

            /// <summary>The cosines of the angles between vectors along an axis.</summary>
            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-08) => Ops.cosine_similarity.Call(x1, x2, dim, eps);

            /// <summary>Windows of a picture as columns: (B, C, H, W) to (B, C · h · w, windows).</summary>
            public static Tensor unfold(Tensor input, (long, long) kernel_size, (long, long)? dilation = null, (long, long)? padding = null, (long, long)? stride = null) =>
                Ops.im2col.Call(input, Pair(kernel_size), Pair(dilation ?? (1, 1)), Pair(padding ?? (0, 0)), Pair(stride ?? (1, 1)));

            /// <summary>Square windows of a picture as columns: (B, C, H, W) to (B, C · h · w, windows).</summary>
            public static Tensor unfold(Tensor input, long kernel_size, long dilation = 1, long padding = 0, long stride = 1) =>
                unfold(input, (kernel_size, kernel_size), (dilation, dilation), (padding, padding), (stride, stride));

            /// <summary>(B, C · r², H, W) to (B, C, r · H, r · W).</summary>
            public static Tensor pixel_shuffle(Tensor input, long upscale_factor) => Ops.pixel_shuffle.Call(input, upscale_factor);

            /// <summary>(B, C, r · H, r · W) to (B, C · r², H, W).</summary>
            public static Tensor pixel_unshuffle(Tensor input, long downscale_factor) => Ops.pixel_unshuffle.Call(input, downscale_factor);
        }
    }
}

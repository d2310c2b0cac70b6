namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>x · sigmoid(x).</summary>
            public static Tensor silu(Tensor x, bool inplace = false) => In(Ops.silu, Ops.silu_, x, inplace);

            /// <summary>x · Φ(x).</summary>
            public static Tensor gelu(Tensor x) => Ops.gelu.Call(x);

            /// <summary>x · Φ(x), in place where asked for.</summary>
            public static Tensor gelu(Tensor x, bool inplace) => In(Ops.gelu, Ops.gelu_, x, inplace);

            /// <summary>x · Φ(x), Φ exact or by a tanh, in place where asked for.</summary>
            public static Tensor gelu(Tensor x, Modules.GELU.Approximate approximate, bool inplace = false)
            {
                var how = approximate == Modules.GELU.Approximate.tanh ? Arg.Utf8("tanh"u8) : Arg.Default;
                if (!inplace)
                    return Ops.gelu.Call(x, how);
                Ops.gelu_.Run(x, how);
                return x;
            }

            /// <summary>max(x, 0).</summary>
            public static Tensor relu(Tensor x, bool inplace = false) => In(Ops.relu, Ops.relu_, x, inplace);

            /// <summary>max(x, 0) + slope · min(x, 0).</summary>
            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false)
            {
                if (!inplace)
                    return Ops.leaky_relu.Call(input, negative_slope);
                Ops.leaky_relu_.Run(input, negative_slope);
                return input;
            }

            /// <summary>1 / (1 + e^-x).</summary>
            public static Tensor sigmoid(Tensor input) => input.sigmoid();

            /// <summary>tanh(x).</summary>
            public static Tensor tanh(Tensor input) => input.tanh();

            /// <summary>log(1 + e^x).</summary>
            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => Ops.softplus.Call(x, beta, threshold);

            /// <summary>log(sigmoid(x)).</summary>
            public static Tensor logsigmoid(Tensor x) => Ops.log_sigmoid.Call(x);

            /// <summary>e^x over the sum of e^x along an axis.</summary>
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            /// <summary>The logarithm of <see cref="softmax"/>.</summary>
            public static Tensor log_softmax(Tensor input, long dim, ScalarType? dtype = null) => input.log_softmax(dim, dtype);

            /// <summary>
            /// softmax(q · kᵀ / √d + mask) · v: (…, L, d), (…, S, d), (…, S, d) to (…, L, d). In libtorch's fused form where
            /// this libtorch has it (2.0 on), else composed.
            /// </summary>
            /// <param name="query">(…, L, d)</param>
            /// <param name="key">(…, S, d)</param>
            /// <param name="value">(…, S, d)</param>
            /// <param name="attn_mask">(L, S), broadcast: true where attended, or numbers that are added</param>
            /// <param name="p">the probability at which weights are dropped</param>
            /// <param name="is_casual">whether each place attends only to those up to itself (spelled as in TorchSharp)</param>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0.0, bool is_casual = false)
            {
                if (Ops.scaled_dot_product_attention.Exists)
                    return Ops.scaled_dot_product_attention.Call(query, key, value, attn_mask, p, is_casual);
                using var scope = NewDisposeScope();
                var scores = (query * (1 / Math.Sqrt(query.size(-1)))).matmul(key.transpose(-2, -1));
                if (is_casual)
                    attn_mask = ones(scores.size(-2), scores.size(-1), ScalarType.Bool, scores.device).tril();
                if (attn_mask is not null)
                    scores = attn_mask.dtype == ScalarType.Bool ? scores.masked_fill(attn_mask.logical_not(), double.NegativeInfinity) : scores + attn_mask;
                var weights = scores.softmax(-1);
                if (p > 0)
                    weights = dropout(weights, p);
                return weights.matmul(value).MoveToOuterDisposeScope();
            }

            /// <summary>
            /// A tensor's last axes brought to another size: (B, C, L), (B, C, H, W) or (B, C, D, H, W).
            /// </summary>
            /// <param name="x">what is read</param>
            /// <param name="size">the new lengths; or</param>
            /// <param name="scale_factor">how many times the old ones</param>
            /// <param name="mode">how it is read between elements</param>
            /// <param name="align_corners">whether the corners' centres coincide (linear and cubic)</param>
            /// <param name="recompute_scale_factor">computes the factor anew from the lengths rounded down</param>
            /// <param name="antialias">whether shrinking averages all elements covered (bilinear and bicubic)</param>
            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                if ((size is null) == (scale_factor is null))
                    throw new ArgumentException("interpolate takes either a size or a scale factor.");
                var axes = (int)x.dim() - 2;
                if (size is [var side])
                    size = [.. Enumerable.Repeat(side, axes)];
                if (scale_factor is [var factor])
                    scale_factor = [.. Enumerable.Repeat(factor, axes)];
                if (mode == InterpolationMode.Area || recompute_scale_factor)
                {
                    size ??= [.. scale_factor!.Select((f, i) => (long)Math.Floor(x.size(i + 2) * f))];
                    scale_factor = null;
                }

                var corners = align_corners ?? false;
                return (mode, axes) switch
                {
                    (InterpolationMode.Nearest, 1) => Ops.upsample_nearest1d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.Nearest, 2) => Ops.upsample_nearest2d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.Nearest, 3) => Ops.upsample_nearest3d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.NearestExact, 1) => Ops._upsample_nearest_exact1d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.NearestExact, 2) => Ops._upsample_nearest_exact2d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.Linear, 1) => Ops.upsample_linear1d_vec.Call(x, size, corners, scale_factor),
                    (InterpolationMode.Bilinear, 2) when antialias => Ops._upsample_bilinear2d_aa_vec.Call(x, size, corners, scale_factor),
                    (InterpolationMode.Bilinear, 2) => Ops.upsample_bilinear2d_vec.Call(x, size, corners, scale_factor),
                    (InterpolationMode.Bicubic, 2) when antialias => Ops._upsample_bicubic2d_aa_vec.Call(x, size, corners, scale_factor),
                    (InterpolationMode.Bicubic, 2) => Ops.upsample_bicubic2d_vec.Call(x, size, corners, scale_factor),
                    (InterpolationMode.Trilinear, 3) => Ops.upsample_trilinear3d_vec.Call(x, size, corners, scale_factor),
                    (InterpolationMode.Area, 1) => Ops.adaptive_avg_pool1d.Call(x, size),
                    (InterpolationMode.Area, 2) => Ops.adaptive_avg_pool2d.Call(x, size),
                    _ => throw new ArgumentException($"{mode} does not go with {x.Summary()}."),
                };
            }

            private static Tensor In(Op op, Op inPlace, Tensor x, bool inplace)
            {
                if (!inplace)
                    return op.Call(x);
                inPlace.Run(x);
                return x;
            }
        }
    }
}

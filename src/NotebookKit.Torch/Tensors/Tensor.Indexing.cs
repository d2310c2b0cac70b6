namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>One position of the first axis.</summary>
        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => Store(select(0, i1), value);
        }

        /// <summary>One position of the first two axes.</summary>
        public Tensor this[long i1, long i2]
        {
            get => At(i1, i2);
            set => Store(At(i1, i2), value);
        }

        /// <summary>One position of the first three axes.</summary>
        public Tensor this[long i1, long i2, long i3]
        {
            get => At(i1, i2, i3);
            set => Store(At(i1, i2, i3), value);
        }

        /// <summary>One position of the first four axes.</summary>
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => At(i1, i2, i3, i4);
            set => Store(At(i1, i2, i3, i4), value);
        }

        /// <summary>
        /// Python's index expression: numbers, slices, <see cref="TensorIndex.Ellipsis"/>, new axes, masks and positions.
        /// </summary>
        public Tensor this[params ReadOnlySpan<TensorIndex> indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>The part that an index expression names: a view, unless it holds tensors.</summary>
        public Tensor index(params ReadOnlySpan<TensorIndex> indices)
        {
            var part = View(indices, out var positions);
            if (positions is null)
                return part;
            var result = Ops.index_Tensor.Call(part, Arg.Tensors(positions, optional: true));
            part.Dispose();
            return result;
        }

        /// <summary>Stores into the part that an index expression names.</summary>
        /// <returns>this</returns>
        public Tensor index_put_(Tensor value, params ReadOnlySpan<TensorIndex> indices)
        {
            var part = View(indices, out var positions);
            if (positions is null)
            {
                Store(part, value);
                return this;
            }

            Ops.index_put_.Run(part, Arg.Tensors(positions, optional: true), value);
            part.Dispose();
            return this;
        }

        private Tensor At(params ReadOnlySpan<long> positions)
        {
            var part = select(0, positions[0]);
            foreach (var position in positions[1..])
            {
                var smaller = part.select(0, position);
                part.Dispose();
                part = smaller;
            }

            return part;
        }

        private static void Store(Tensor part, Tensor value)
        {
            if (value.device != part.device && value.numel() == 1)
                part.fill_(value.ToScalar());
            else
                part.copy_(value);
            part.Dispose();
        }

        // Applies everything but tensors, which come back as one entry per axis of the view.
        private Tensor View(ReadOnlySpan<TensorIndex> indices, out List<Tensor?>? positions)
        {
            positions = null;
            var consumed = 0L;
            var ellipses = 0;
            foreach (var index in indices)
            {
                consumed += index.What switch
                {
                    TensorIndex.Kind.Slice or TensorIndex.Kind.Single => 1,
                    TensorIndex.Kind.Tensor => index.Positions!.dtype is ScalarType.Bool ? index.Positions.dim() : 1,
                    _ => 0,
                };
                ellipses += index.What == TensorIndex.Kind.Ellipsis ? 1 : 0;
            }

            if (ellipses > 1)
                throw new ArgumentException("an index expression holds at most one ellipsis");
            if (consumed > dim())
                throw new ArgumentException($"too many indices ({consumed}) for {Summary()}");

            var rank = dim();
            var part = alias();
            var axis = 0L;
            foreach (var index in indices)
            {
                switch (index.What)
                {
                    case TensorIndex.Kind.Single:
                        Next(ref part, part.select(axis, index.Start!.Value));
                        break;
                    case TensorIndex.Kind.Slice:
                        if (index.Start is not null || index.Stop is not null || index.Step != 1)
                            Next(ref part, Ops.slice_Tensor.Call(part, axis, index.Start, index.Stop, index.Step));
                        axis++;
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        axis += rank - consumed;
                        break;
                    case TensorIndex.Kind.Null:
                        Next(ref part, part.unsqueeze(axis++));
                        break;
                    case TensorIndex.Kind.Bool:
                        Next(ref part, part.unsqueeze(axis));
                        if (index.Start == 0)
                            Next(ref part, part.narrow(axis, 0, 0));
                        axis++;
                        break;
                    default:
                        positions ??= [];
                        while (positions.Count < axis)
                            positions.Add(null);
                        positions.Add(index.Positions);
                        axis += index.Positions!.dtype is ScalarType.Bool ? index.Positions.dim() : 1;
                        break;
                }
            }

            return part;
        }

        private static void Next(ref Tensor part, Tensor next)
        {
            part.Dispose();
            part = next;
        }
    }
}

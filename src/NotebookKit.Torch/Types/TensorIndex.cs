namespace TorchSharp;

public static partial class torch
{
    /// <summary>One position of an index expression: a number, a slice, all the rest, a new axis, a mask, or a tensor of positions.</summary>
    public readonly struct TensorIndex
    {
        internal enum Kind
        {
            Slice, Single, Ellipsis, Null, Bool, Tensor,
        }

        internal readonly Kind What;
        internal readonly long? Start;
        internal readonly long? Stop;
        internal readonly long Step;
        internal readonly Tensor? Positions;

        private TensorIndex(Kind what, long? start = null, long? stop = null, long step = 1, Tensor? positions = null)
        {
            What = what;
            Start = start;
            Stop = stop;
            Step = step;
            Positions = positions;
        }

        /// <summary>As many full slices as are missing: <c>...</c>.</summary>
        public static TensorIndex Ellipsis => new(Kind.Ellipsis);

        /// <summary>A new axis of length 1.</summary>
        public static TensorIndex Null => new(Kind.Null);

        /// <summary>A new axis of length 1.</summary>
        public static TensorIndex None => new(Kind.Null);

        /// <summary>A whole axis: <c>:</c>.</summary>
        public static TensorIndex Colon => Slice();

        /// <summary>Positions <paramref name="start"/> up to but without <paramref name="stop"/>; negative ones count from the end.</summary>
        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(Kind.Slice, start, stop, step ?? 1);

        /// <summary>One position; its axis disappears.</summary>
        public static TensorIndex Single(long? index) => index is { } i ? new(Kind.Single, i) : Null;

        /// <summary>A new axis of length 1 (true) or 0 (false).</summary>
        public static TensorIndex Bool(bool value) => new(Kind.Bool, value ? 1 : 0);

        /// <summary>Positions, or a mask, in a tensor.</summary>
        public static TensorIndex Tensor(Tensor positions) => new(Kind.Tensor, positions: positions);

        /// <summary>One position.</summary>
        public static implicit operator TensorIndex(long value) => Single(value);

        /// <summary>One position.</summary>
        public static implicit operator TensorIndex(int value) => Single(value);

        /// <summary>Positions, or a mask.</summary>
        public static implicit operator TensorIndex(Tensor positions) => Tensor(positions);

        /// <summary>Positions from the first up to but without the second.</summary>
        public static implicit operator TensorIndex((long? start, long? stop) range) => Slice(range.start, range.stop);

        /// <summary>Every so many positions from the first up to but without the second.</summary>
        public static implicit operator TensorIndex((long? start, long? stop, long? step) range) => Slice(range.start, range.stop, range.step);

        /// <summary>One position, from the end with ^.</summary>
        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        /// <summary>Positions as C# writes them: 1..^2.</summary>
        public static implicit operator TensorIndex(Range range)
        {
            long? start = range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value;
            long? stop = !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value;
            // "from the 0th from the end" is the empty slice at the end.
            return range.Start is { IsFromEnd: true, Value: 0 } ? Slice(long.MaxValue, long.MaxValue) : Slice(start, stop);
        }
    }
}

using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        private const int Shown = 6;

        /// <summary>Shape, type and device on one line; a small tensor's elements too.</summary>
        public override string ToString() => handle == 0 ? "tensor (disposed)" : ToString(withData: numel() <= 1);

        /// <summary>Shape, type and device, with the elements (the middle of long axes left out) where asked for.</summary>
        public string ToString(bool withData, string format = "G6")
        {
            var text = new StringBuilder($"[{string.Join("x", shape)}], type = {dtype}, device = {device}");
            if (!withData)
                return text.ToString();
            using var plain = detach();
            using var near = plain.to(ScalarType.Float64, CPU);
            text.Append(dim() == 0 ? ", value = " : "\n");
            Append(text, near, format, 0);
            return text.ToString();
        }

        /// <summary>The elements as text.</summary>
        public string str(string format = "G6") => ToString(withData: true, format);

        /// <summary>Prints the elements.</summary>
        /// <returns>this</returns>
        public Tensor print(string format = "G6")
        {
            Console.WriteLine(str(format));
            return this;
        }

        private static void Append(StringBuilder text, Tensor part, string format, int depth)
        {
            if (part.dim() == 0)
            {
                text.Append(part.item<double>().ToString(format, CultureInfo.InvariantCulture));
                return;
            }

            text.Append('[');
            var length = part.size(0);
            var rows = part.dim() > 1;
            for (var i = 0L; i < length; i++)
            {
                if (length > 2 * Shown && i == Shown)
                {
                    text.Append(rows ? "\n" + new string(' ', depth + 1) : " ").Append('…');
                    i = length - Shown;
                }

                if (i > 0)
                    text.Append(rows ? "\n" + new string(' ', depth + 1) : " ");
                using var row = part.select(0, i);
                Append(text, row, format, depth + 1);
            }

            text.Append(']');
        }
    }
}

using static TorchSharp.torch;

namespace TorchSharp
{
    /// <summary>Members that the kit's own tensor layer has and TorchSharp's package has not.</summary>
    public static class TorchSharpAdditions
    {
        /// <summary>Makes the tensor look at the memory of another one.</summary>
        public static void set_data(this Tensor tensor, Tensor data)
        {
            using var noGrad = no_grad();
            tensor.set_(data);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Has no effect: the package's layers always fill their weights.</summary>
    public sealed class SkipInitialisation : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose()
        {
        }
    }
}

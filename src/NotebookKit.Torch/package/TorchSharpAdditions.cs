using TorchSharp;
using static TorchSharp.torch;

// The namespace that encloses all of the kit's, so that every file sees these as if they were the package's own.
namespace NotebookKit
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
        /// <summary>Has no effect.</summary>
        public SkipInitialisation(torch.Device? device = null, torch.ScalarType? dtype = null)
        {
        }

        /// <inheritdoc/>
        public void Dispose()
        {
        }
    }
}

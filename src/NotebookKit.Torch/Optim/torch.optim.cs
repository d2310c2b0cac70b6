using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Adam with decoupled weight decay. TorchSharp's default decay is 0, unlike Python's 0.01.</summary>
        public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new([new ParamGroup(parameters)], lr, Settings(beta1, beta2, eps, weight_decay, amsgrad, maximize));

        /// <summary>Adam with decoupled weight decay over named parameters.</summary>
        public static AdamW AdamW(IEnumerable<(string name, Parameter parameter)> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            AdamW(parameters.Select(p => p.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        /// <summary>Adam with decoupled weight decay over groups with settings of their own.</summary>
        public static AdamW AdamW(IEnumerable<Modules.AdamW.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new(parameters, lr, Settings(beta1, beta2, eps, weight_decay, amsgrad, maximize));

        /// <summary>Adam; weight decay goes through the gradients.</summary>
        public static Adam Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new([new ParamGroup(parameters)], lr, Settings(beta1, beta2, eps, weight_decay, amsgrad, maximize), decoupled: false);

        /// <summary>Adam over groups with settings of their own.</summary>
        public static Adam Adam(IEnumerable<Modules.Adam.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new(parameters, lr, Settings(beta1, beta2, eps, weight_decay, amsgrad, maximize), decoupled: false);

        /// <summary>Gradient descent.</summary>
        public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0.0, double dampening = 0.0, double weight_decay = 0.0, bool nesterov = false, bool maximize = false) =>
            new([new ParamGroup(parameters)], learningRate, momentum, dampening, weight_decay, nesterov, maximize);

        private static AdamSettings Settings(double beta1, double beta2, double eps, double weight_decay, bool amsgrad, bool maximize)
        {
            if (amsgrad)
                throw new NotSupportedException("amsgrad is not supported.");
            if (beta1 is < 0 or >= 1 || beta2 is < 0 or >= 1)
                throw new ArgumentException($"The betas lie in [0, 1): got {beta1} and {beta2}.");
            return new(beta1, beta2, eps, weight_decay, maximize);
        }
    }
}

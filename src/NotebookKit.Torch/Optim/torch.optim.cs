using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Adam with decoupled weight decay. TorchSharp's default decay is 0, unlike Python's 0.01.</summary>
        /// <param name="parameters">what is changed</param>
        /// <param name="lr">how far a step goes</param>
        /// <param name="beta1">how slowly the average of the gradients moves, in [0, 1)</param>
        /// <param name="beta2">how slowly the average of their squares moves, in [0, 1)</param>
        /// <param name="eps">what is added to the root of the average of squares</param>
        /// <param name="weight_decay">what part of a weight, times lr, a step takes away</param>
        /// <param name="amsgrad">not supported</param>
        /// <param name="maximize">whether steps go up the gradient</param>
        public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new([new ParamGroup { Parameters = parameters }], Modules.Adam.Settings(lr, beta1, beta2, eps, weight_decay, amsgrad, maximize));

        /// <summary>Adam with decoupled weight decay over named parameters.</summary>
        public static AdamW AdamW(IEnumerable<(string name, Parameter parameter)> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            AdamW(parameters.Select(p => p.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        /// <summary>Adam with decoupled weight decay over groups with settings of their own.</summary>
        public static AdamW AdamW(IEnumerable<AdamW.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new(parameters, Modules.Adam.Settings(lr, beta1, beta2, eps, weight_decay, amsgrad, maximize));

        /// <summary>Adam; weight decay goes through the gradients.</summary>
        public static Adam Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new([new ParamGroup { Parameters = parameters }], Modules.Adam.Settings(lr, beta1, beta2, eps, weight_decay, amsgrad, maximize), decoupled: false);

        /// <summary>Adam over groups with settings of their own.</summary>
        public static Adam Adam(IEnumerable<Adam.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
            new(parameters, Modules.Adam.Settings(lr, beta1, beta2, eps, weight_decay, amsgrad, maximize), decoupled: false);

        /// <summary>Gradient descent.</summary>
        /// <param name="parameters">what is changed</param>
        /// <param name="learningRate">how far a step goes</param>
        /// <param name="momentum">what part of the last direction stays</param>
        /// <param name="dampening">what part of the gradient is left out of the direction</param>
        /// <param name="weight_decay">what part of a weight is added to its gradient</param>
        /// <param name="nesterov">whether the gradient is taken ahead of the momentum</param>
        /// <param name="maximize">whether steps go up the gradient</param>
        public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0.0, double dampening = 0.0, double weight_decay = 0.0, bool nesterov = false, bool maximize = false) =>
            new([new ParamGroup { Parameters = parameters }], new SGD.Options
            {
                LearningRate = learningRate,
                momentum = momentum,
                dampening = dampening,
                weight_decay = weight_decay,
                nesterov = nesterov,
                maximize = maximize,
            });
    }
}

namespace TorchSharp;

public static unsafe partial class torch
{
    public partial class Tensor
    {
        /// <summary>Whether operations on the tensor are recorded for backward.</summary>
        public bool requires_grad
        {
            get
            {
                var required = NativeMethods.kit_requires_grad(Handle) != 0;
                GC.KeepAlive(this);
                return required;
            }
            set
            {
                NativeMethods.Check(NativeMethods.kit_set_requires_grad(Handle, value ? 1 : 0), $"requires_grad of {Summary()}");
                GC.KeepAlive(this);
            }
        }

        /// <summary>Sets <see cref="requires_grad"/>.</summary>
        /// <returns>this</returns>
        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>Sets <see cref="requires_grad"/>.</summary>
        /// <returns>this</returns>
        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        /// <summary>Whether no recorded operation made the tensor.</summary>
        public bool is_leaf
        {
            get
            {
                var leaf = NativeMethods.kit_is_leaf(Handle) != 0;
                GC.KeepAlive(this);
                return leaf;
            }
        }

        /// <summary>The gradient that backward has added up here, or null. The object is new at each reading.</summary>
        public Tensor? grad
        {
            get
            {
                nint found;
                NativeMethods.Check(NativeMethods.kit_grad_get(Handle, &found), "grad");
                GC.KeepAlive(this);
                return found == 0 ? null : new Tensor(found);
            }
            set
            {
                NativeMethods.Check(NativeMethods.kit_grad_set(Handle, value?.Handle ?? 0), $"grad of {Summary()}");
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        /// <summary>Keeps the gradient of a tensor that is not a leaf.</summary>
        public void retain_grad()
        {
            NativeMethods.Check(NativeMethods.kit_retain_grad(Handle), "retain_grad");
            GC.KeepAlive(this);
        }

        /// <summary>Adds the gradients of this (one number, or with a gradient given for it) to every leaf that it depends on.</summary>
        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        /// <summary>The same data outside the graph.</summary>
        public Tensor detach() => Ops.detach.Call(this);

        /// <summary>Takes the tensor out of the graph that made it.</summary>
        public Tensor detach_()
        {
            Ops.detach_.Run(this);
            return this;
        }

        /// <summary>Makes the tensor hold another one's data, with its type and device; the object and its gradient stay.</summary>
        public void set_data(Tensor data)
        {
            NativeMethods.Check(NativeMethods.kit_set_data(Handle, data.Handle), $"set_data({data.Summary()})");
            GC.KeepAlive(this);
            GC.KeepAlive(data);
        }
    }
}

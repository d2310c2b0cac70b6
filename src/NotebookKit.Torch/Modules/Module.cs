using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Building blocks of networks.</summary>
    public static partial class nn
    {
        /// <summary>A part of a network: parameters, buffers and submodules under names.</summary>
        public abstract partial class Module : IDisposable
        {
            private readonly string name;
            private readonly Dictionary<string, Parameter> ownParameters = [];
            private readonly Dictionary<string, (Tensor Tensor, bool Persistent)> ownBuffers = [];
            private readonly Dictionary<string, Module> submodules = [];
            private bool registered;

            /// <summary>A part with a name for messages.</summary>
            protected Module(string name) => this.name = name;

            /// <summary>The name for messages.</summary>
            public virtual string GetName() => name;

            /// <summary>Whether the module behaves as in training (dropout drops).</summary>
            public bool training { get; private set; } = true;

            /// <summary>
            /// Registers each field that holds a module, parameter or tensor under the field's name (or that of its
            /// <see cref="Utils.ComponentNameAttribute"/>), in the order of declaration, those of base classes last. Call it at
            /// the end of the constructor.
            /// </summary>
            protected virtual void RegisterComponents()
            {
                if (registered)
                    return;
                registered = true;
                foreach (var (component, field) in ComponentFields.Of(GetType()))
                    Register(component, field.GetValue(this));
            }

            private void Register(string component, object? value)
            {
                if (submodules.ContainsKey(component) || ownParameters.ContainsKey(component) || ownBuffers.ContainsKey(component))
                    return;
                switch (value)
                {
                    case Module module:
                        register_module(component, module);
                        break;
                    case TorchSharp.Modules.Parameter parameter:
                        register_parameter(component, parameter);
                        break;
                    case Tensor tensor:
                        register_buffer(component, tensor);
                        break;
                }
            }

            /// <summary>Registers a submodule.</summary>
            /// <exception cref="ArgumentException">The name is empty or has a dot.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_module(string name, Module submodule)
            {
                CheckName(name);
                submodule.RegisterComponents();
                submodules.Add(name, submodule);
            }

            /// <summary>Registers a submodule.</summary>
            public void add_module(string name, Module submodule) => register_module(name, submodule);

            /// <summary>Registers a parameter, which from now on no scope disposes.</summary>
            /// <exception cref="ArgumentException">The name is empty or has a dot.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_parameter(string name, Parameter param)
            {
                CheckName(name);
                param.DetachFromDisposeScope();
                ownParameters.Add(name, param);
            }

            /// <summary>Registers a tensor that training does not change; from now on no scope disposes it.</summary>
            /// <param name="name">its name in the state dictionary</param>
            /// <param name="tensor">the tensor</param>
            /// <param name="persistent">whether it is part of the state dictionary</param>
            /// <exception cref="ArgumentException">The name is empty or has a dot.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                CheckName(name);
                tensor.DetachFromDisposeScope();
                ownBuffers.Add(name, (tensor, persistent));
            }

            /// <summary>Puts a parameter under a name, in the place of the one there; null takes the name away.</summary>
            protected void ConditionallyRegisterParameter(string name, Parameter? value)
            {
                value?.DetachFromDisposeScope();
                if (value is null)
                    ownParameters.Remove(name);
                else
                    ownParameters[name] = value;
            }

            private void CheckName(string name)
            {
                if (string.IsNullOrEmpty(name) || name.Contains('.', StringComparison.Ordinal))
                    throw new ArgumentException($"\"{name}\" cannot be the name of a part of {GetName()}: it is empty or has a dot.");
                if (submodules.ContainsKey(name) || ownParameters.ContainsKey(name) || ownBuffers.ContainsKey(name))
                    throw new InvalidOperationException($"{GetName()} has a part {name} already.");
            }

            /// <summary>The parameters with their full names, depth first.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
                foreach (var (prefix, module) in recurse ? Tree("") : [("", this)])
                    foreach (var (key, parameter) in module.ownParameters)
                        if (seen.Add(parameter))
                            yield return (prefix + key, parameter);
            }

            /// <summary>The parameters, depth first.</summary>
            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(p => p.parameter);

            /// <summary>The buffers with their full names, depth first.</summary>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                foreach (var (prefix, module) in recurse ? Tree("") : [("", this)])
                    foreach (var (key, buffer) in module.ownBuffers)
                        if (include_nonpersistent || buffer.Persistent)
                            yield return (prefix + key, buffer.Tensor);
            }

            /// <summary>The buffers, depth first.</summary>
            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(b => b.buffer);

            /// <summary>The modules below this one with their full names: first those directly below, then those below each.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var (key, child) in submodules)
                    yield return (key, child);
                foreach (var (key, child) in submodules)
                    foreach (var (below, module) in child.named_modules())
                        yield return ($"{key}.{below}", module);
            }

            /// <summary>The modules below this one, in the order of <see cref="named_modules"/>.</summary>
            public virtual IEnumerable<Module> modules() => named_modules().Select(m => m.module);

            /// <summary>The modules directly below this one with their names.</summary>
            public virtual IEnumerable<(string name, Module module)> named_children() => submodules.Select(m => (m.Key, m.Value));

            /// <summary>The modules directly below this one.</summary>
            public virtual IEnumerable<Module> children() => submodules.Values;

            /// <summary>Whether a buffer of that full name exists.</summary>
            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>Whether a parameter of that full name exists.</summary>
            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            /// <summary>The parameter of a full name, or null.</summary>
            public virtual Parameter? get_parameter(string target)
            {
                var dot = target.LastIndexOf('.');
                var module = dot < 0 ? this : get_submodule(target[..dot]);
                return module?.ownParameters.GetValueOrDefault(target[(dot + 1)..]);
            }

            /// <summary>The buffer of a full name, or null.</summary>
            public virtual Tensor? get_buffer(string target)
            {
                var dot = target.LastIndexOf('.');
                var module = dot < 0 ? this : get_submodule(target[..dot]);
                return module?.ownBuffers.GetValueOrDefault(target[(dot + 1)..]).Tensor;
            }

            /// <summary>The module of a full name, or null.</summary>
            public virtual Module? get_submodule(string target)
            {
                var module = this;
                foreach (var part in target.Split('.', StringSplitOptions.RemoveEmptyEntries))
                    if (!module.submodules.TryGetValue(part, out module!))
                        return null;
                return module;
            }

            /// <summary>Puts the module and all below it into training mode, or out of it.</summary>
            public virtual void train(bool on = true)
            {
                foreach (var (_, module) in Tree(""))
                    module.training = on;
            }

            /// <summary>Takes the module and all below it out of training mode.</summary>
            public virtual void eval() => train(false);

            /// <summary>Drops the gradients of all parameters, or sets them to zero.</summary>
            public virtual void zero_grad(bool set_to_none = true) => optim.ZeroGrad(parameters(), set_to_none);

            /// <summary>Sets whether training changes the parameters.</summary>
            public virtual Module requires_grad_(bool requires_grad = true)
            {
                foreach (var parameter in parameters())
                    parameter.requires_grad = requires_grad;
                return this;
            }

            /// <summary>Calls a function on the module and all below it, the innermost first.</summary>
            public virtual Module apply(Action<Module> fn)
            {
                foreach (var child in submodules.Values)
                    child.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Disposes the parameters and buffers of the module and all below it.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Disposes the parameters and buffers of the module and all below it.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing)
                    return;
                foreach (var parameter in ownParameters.Values)
                    parameter.Dispose();
                foreach (var (tensor, _) in ownBuffers.Values)
                    tensor.Dispose();
                foreach (var child in submodules.Values)
                    child.Dispose();
            }

            /// <inheritdoc/>
            public override string ToString() => GetName();

            // This module and all below it, depth first, each once, with the prefix of its parameters' names.
            private IEnumerable<(string Prefix, Module Module)> Tree(string prefix)
            {
                var seen = new HashSet<Module>(ReferenceEqualityComparer.Instance);
                var open = new Stack<(string Prefix, Module Module)>();
                open.Push((prefix, this));
                while (open.TryPop(out var entry))
                {
                    if (!seen.Add(entry.Module))
                        continue;
                    yield return entry;
                    foreach (var (key, child) in entry.Module.submodules.Reverse())
                        open.Push(($"{entry.Prefix}{key}.", child));
                }
            }
        }
    }
}

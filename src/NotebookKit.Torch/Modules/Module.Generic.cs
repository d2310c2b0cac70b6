namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A module of one argument.</summary>
        public abstract class Module<T, TResult>(string name) : Module(name)
        {
            private HookList<Func<Module<T, TResult>, T, T>>? preHooks;
            private HookList<Func<Module<T, TResult>, T, TResult, TResult>>? hooks;

            /// <summary>What the module computes. Invoke it by <see cref="call"/>, so that hooks run.</summary>
            public abstract TResult forward(T input);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public virtual TResult call(T input)
            {
                if (preHooks is not null)
                    foreach (var hook in preHooks.Values)
                        input = hook(this, input) is { } changed ? changed : input;
                var result = forward(input);
                if (hooks is not null)
                    foreach (var hook in hooks.Values)
                        result = hook(this, input, result) is { } changed ? changed : result;
                return result;
            }

            /// <summary>Adds a function that runs after forward and gives the result to go on with.</summary>
            public HookRemover register_forward_hook(Func<Module<T, TResult>, T, TResult, TResult> hook) => (hooks ??= new()).Add(hook);

            /// <summary>Adds a function that runs before forward and gives the arguments to go on with.</summary>
            public HookRemover register_forward_pre_hook(Func<Module<T, TResult>, T, T> hook) => (preHooks ??= new()).Add(hook);
        }

        /// <summary>A module of two arguments.</summary>
        public abstract class Module<T1, T2, TResult>(string name) : Module(name)
        {
            private HookList<Func<Module<T1, T2, TResult>, T1, T2, (T1, T2)?>>? preHooks;
            private HookList<Func<Module<T1, T2, TResult>, T1, T2, TResult, TResult>>? hooks;

            /// <summary>What the module computes. Invoke it by <see cref="call"/>, so that hooks run.</summary>
            public abstract TResult forward(T1 input1, T2 input2);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public virtual TResult call(T1 input1, T2 input2)
            {
                if (preHooks is not null)
                    foreach (var hook in preHooks.Values)
                        if (hook(this, input1, input2) is { } changed)
                            (input1, input2) = changed;
                var result = forward(input1, input2);
                if (hooks is not null)
                    foreach (var hook in hooks.Values)
                        result = hook(this, input1, input2, result) is { } changed ? changed : result;
                return result;
            }

            /// <summary>Adds a function that runs after forward and gives the result to go on with.</summary>
            public HookRemover register_forward_hook(Func<Module<T1, T2, TResult>, T1, T2, TResult, TResult> hook) => (hooks ??= new()).Add(hook);

            /// <summary>Adds a function that runs before forward and gives the arguments to go on with.</summary>
            public HookRemover register_forward_pre_hook(Func<Module<T1, T2, TResult>, T1, T2, (T1, T2)?> hook) => (preHooks ??= new()).Add(hook);
        }

        /// <summary>A module of three arguments.</summary>
        public abstract class Module<T1, T2, T3, TResult>(string name) : Module(name)
        {
            private HookList<Func<Module<T1, T2, T3, TResult>, T1, T2, T3, (T1, T2, T3)?>>? preHooks;
            private HookList<Func<Module<T1, T2, T3, TResult>, T1, T2, T3, TResult, TResult>>? hooks;

            /// <summary>What the module computes. Invoke it by <see cref="call"/>, so that hooks run.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public virtual TResult call(T1 input1, T2 input2, T3 input3)
            {
                if (preHooks is not null)
                    foreach (var hook in preHooks.Values)
                        if (hook(this, input1, input2, input3) is { } changed)
                            (input1, input2, input3) = changed;
                var result = forward(input1, input2, input3);
                if (hooks is not null)
                    foreach (var hook in hooks.Values)
                        result = hook(this, input1, input2, input3, result) is { } changed ? changed : result;
                return result;
            }

            /// <summary>Adds a function that runs after forward and gives the result to go on with.</summary>
            public HookRemover register_forward_hook(Func<Module<T1, T2, T3, TResult>, T1, T2, T3, TResult, TResult> hook) => (hooks ??= new()).Add(hook);

            /// <summary>Adds a function that runs before forward and gives the arguments to go on with.</summary>
            public HookRemover register_forward_pre_hook(Func<Module<T1, T2, T3, TResult>, T1, T2, T3, (T1, T2, T3)?> hook) => (preHooks ??= new()).Add(hook);
        }

        /// <summary>A module of four arguments.</summary>
        public abstract class Module<T1, T2, T3, T4, TResult>(string name) : Module(name)
        {
            private HookList<Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, (T1, T2, T3, T4)?>>? preHooks;
            private HookList<Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, TResult, TResult>>? hooks;

            /// <summary>What the module computes. Invoke it by <see cref="call"/>, so that hooks run.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public virtual TResult call(T1 input1, T2 input2, T3 input3, T4 input4)
            {
                if (preHooks is not null)
                    foreach (var hook in preHooks.Values)
                        if (hook(this, input1, input2, input3, input4) is { } changed)
                            (input1, input2, input3, input4) = changed;
                var result = forward(input1, input2, input3, input4);
                if (hooks is not null)
                    foreach (var hook in hooks.Values)
                        result = hook(this, input1, input2, input3, input4, result) is { } changed ? changed : result;
                return result;
            }

            /// <summary>Adds a function that runs after forward and gives the result to go on with.</summary>
            public HookRemover register_forward_hook(Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, TResult, TResult> hook) => (hooks ??= new()).Add(hook);

            /// <summary>Adds a function that runs before forward and gives the arguments to go on with.</summary>
            public HookRemover register_forward_pre_hook(Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, (T1, T2, T3, T4)?> hook) => (preHooks ??= new()).Add(hook);
        }

        /// <summary>A module of five arguments.</summary>
        public abstract class Module<T1, T2, T3, T4, T5, TResult>(string name) : Module(name)
        {
            private HookList<Func<Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, (T1, T2, T3, T4, T5)?>>? preHooks;
            private HookList<Func<Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, TResult, TResult>>? hooks;

            /// <summary>What the module computes. Invoke it by <see cref="call"/>, so that hooks run.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public virtual TResult call(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5)
            {
                if (preHooks is not null)
                    foreach (var hook in preHooks.Values)
                        if (hook(this, input1, input2, input3, input4, input5) is { } changed)
                            (input1, input2, input3, input4, input5) = changed;
                var result = forward(input1, input2, input3, input4, input5);
                if (hooks is not null)
                    foreach (var hook in hooks.Values)
                        result = hook(this, input1, input2, input3, input4, input5, result) is { } changed ? changed : result;
                return result;
            }

            /// <summary>Adds a function that runs after forward and gives the result to go on with.</summary>
            public HookRemover register_forward_hook(Func<Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, TResult, TResult> hook) => (hooks ??= new()).Add(hook);

            /// <summary>Adds a function that runs before forward and gives the arguments to go on with.</summary>
            public HookRemover register_forward_pre_hook(Func<Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, (T1, T2, T3, T4, T5)?> hook) => (preHooks ??= new()).Add(hook);
        }

        /// <summary>A module of six arguments.</summary>
        public abstract class Module<T1, T2, T3, T4, T5, T6, TResult>(string name) : Module(name)
        {
            private HookList<Func<Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, (T1, T2, T3, T4, T5, T6)?>>? preHooks;
            private HookList<Func<Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, TResult, TResult>>? hooks;

            /// <summary>What the module computes. Invoke it by <see cref="call"/>, so that hooks run.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5, T6 input6);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public virtual TResult call(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5, T6 input6)
            {
                if (preHooks is not null)
                    foreach (var hook in preHooks.Values)
                        if (hook(this, input1, input2, input3, input4, input5, input6) is { } changed)
                            (input1, input2, input3, input4, input5, input6) = changed;
                var result = forward(input1, input2, input3, input4, input5, input6);
                if (hooks is not null)
                    foreach (var hook in hooks.Values)
                        result = hook(this, input1, input2, input3, input4, input5, input6, result) is { } changed ? changed : result;
                return result;
            }

            /// <summary>Adds a function that runs after forward and gives the result to go on with.</summary>
            public HookRemover register_forward_hook(Func<Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, TResult, TResult> hook) => (hooks ??= new()).Add(hook);

            /// <summary>Adds a function that runs before forward and gives the arguments to go on with.</summary>
            public HookRemover register_forward_pre_hook(Func<Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, (T1, T2, T3, T4, T5, T6)?> hook) => (preHooks ??= new()).Add(hook);
        }
    }
}

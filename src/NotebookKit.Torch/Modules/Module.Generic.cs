namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A module whose forward takes one argument.</summary>
        /// <typeparam name="T">the type of the argument</typeparam>
        /// <typeparam name="TResult">the type of the result</typeparam>
        public abstract class Module<T, TResult> : HookableModule<Func<Module<T, TResult>, T, T>, Func<Module<T, TResult>, T, TResult, TResult>>
        {
            /// <summary>A module without parts.</summary>
            /// <param name="name">its name for messages</param>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result without hooks; modules are to be invoked by <see cref="call"/>.</summary>
            public abstract TResult forward(T input);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public TResult call(T input)
            {
                foreach (var hook in PreHooks)
                    input = hook(this, input) ?? input;
                var result = forward(input);
                foreach (var hook in PostHooks)
                    result = hook(this, input, result) ?? result;
                return result;
            }
        }

        /// <summary>A module whose forward takes two arguments.</summary>
        /// <typeparam name="T1">the type of an argument</typeparam>
        /// <typeparam name="T2">the type of an argument</typeparam>
        /// <typeparam name="TResult">the type of the result</typeparam>
        public abstract class Module<T1, T2, TResult> : HookableModule<Func<Module<T1, T2, TResult>, T1, T2, (T1, T2)?>, Func<Module<T1, T2, TResult>, T1, T2, TResult, TResult>>
        {
            /// <summary>A module without parts.</summary>
            /// <param name="name">its name for messages</param>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result without hooks; modules are to be invoked by <see cref="call"/>.</summary>
            public abstract TResult forward(T1 input1, T2 input2);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public TResult call(T1 input1, T2 input2)
            {
                foreach (var hook in PreHooks)
                    (input1, input2) = hook(this, input1, input2) ?? (input1, input2);
                var result = forward(input1, input2);
                foreach (var hook in PostHooks)
                    result = hook(this, input1, input2, result) ?? result;
                return result;
            }
        }

        /// <summary>A module whose forward takes three arguments.</summary>
        /// <typeparam name="T1">the type of an argument</typeparam>
        /// <typeparam name="T2">the type of an argument</typeparam>
        /// <typeparam name="T3">the type of an argument</typeparam>
        /// <typeparam name="TResult">the type of the result</typeparam>
        public abstract class Module<T1, T2, T3, TResult> : HookableModule<Func<Module<T1, T2, T3, TResult>, T1, T2, T3, (T1, T2, T3)?>, Func<Module<T1, T2, T3, TResult>, T1, T2, T3, TResult, TResult>>
        {
            /// <summary>A module without parts.</summary>
            /// <param name="name">its name for messages</param>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result without hooks; modules are to be invoked by <see cref="call"/>.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public TResult call(T1 input1, T2 input2, T3 input3)
            {
                foreach (var hook in PreHooks)
                    (input1, input2, input3) = hook(this, input1, input2, input3) ?? (input1, input2, input3);
                var result = forward(input1, input2, input3);
                foreach (var hook in PostHooks)
                    result = hook(this, input1, input2, input3, result) ?? result;
                return result;
            }
        }

        /// <summary>A module whose forward takes four arguments.</summary>
        /// <typeparam name="T1">the type of an argument</typeparam>
        /// <typeparam name="T2">the type of an argument</typeparam>
        /// <typeparam name="T3">the type of an argument</typeparam>
        /// <typeparam name="T4">the type of an argument</typeparam>
        /// <typeparam name="TResult">the type of the result</typeparam>
        public abstract class Module<T1, T2, T3, T4, TResult> : HookableModule<Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, (T1, T2, T3, T4)?>, Func<Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, TResult, TResult>>
        {
            /// <summary>A module without parts.</summary>
            /// <param name="name">its name for messages</param>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result without hooks; modules are to be invoked by <see cref="call"/>.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public TResult call(T1 input1, T2 input2, T3 input3, T4 input4)
            {
                foreach (var hook in PreHooks)
                    (input1, input2, input3, input4) = hook(this, input1, input2, input3, input4) ?? (input1, input2, input3, input4);
                var result = forward(input1, input2, input3, input4);
                foreach (var hook in PostHooks)
                    result = hook(this, input1, input2, input3, input4, result) ?? result;
                return result;
            }
        }

        /// <summary>A module whose forward takes five arguments.</summary>
        /// <typeparam name="T1">the type of an argument</typeparam>
        /// <typeparam name="T2">the type of an argument</typeparam>
        /// <typeparam name="T3">the type of an argument</typeparam>
        /// <typeparam name="T4">the type of an argument</typeparam>
        /// <typeparam name="T5">the type of an argument</typeparam>
        /// <typeparam name="TResult">the type of the result</typeparam>
        public abstract class Module<T1, T2, T3, T4, T5, TResult> : HookableModule<Func<Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, (T1, T2, T3, T4, T5)?>, Func<Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, TResult, TResult>>
        {
            /// <summary>A module without parts.</summary>
            /// <param name="name">its name for messages</param>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result without hooks; modules are to be invoked by <see cref="call"/>.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public TResult call(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5)
            {
                foreach (var hook in PreHooks)
                    (input1, input2, input3, input4, input5) = hook(this, input1, input2, input3, input4, input5) ?? (input1, input2, input3, input4, input5);
                var result = forward(input1, input2, input3, input4, input5);
                foreach (var hook in PostHooks)
                    result = hook(this, input1, input2, input3, input4, input5, result) ?? result;
                return result;
            }
        }

        /// <summary>A module whose forward takes six arguments.</summary>
        /// <typeparam name="T1">the type of an argument</typeparam>
        /// <typeparam name="T2">the type of an argument</typeparam>
        /// <typeparam name="T3">the type of an argument</typeparam>
        /// <typeparam name="T4">the type of an argument</typeparam>
        /// <typeparam name="T5">the type of an argument</typeparam>
        /// <typeparam name="T6">the type of an argument</typeparam>
        /// <typeparam name="TResult">the type of the result</typeparam>
        public abstract class Module<T1, T2, T3, T4, T5, T6, TResult> : HookableModule<Func<Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, (T1, T2, T3, T4, T5, T6)?>, Func<Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, TResult, TResult>>
        {
            /// <summary>A module without parts.</summary>
            /// <param name="name">its name for messages</param>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result without hooks; modules are to be invoked by <see cref="call"/>.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5, T6 input6);

            /// <summary>Runs the hooks before, <see cref="forward"/>, and the hooks after.</summary>
            public TResult call(T1 input1, T2 input2, T3 input3, T4 input4, T5 input5, T6 input6)
            {
                foreach (var hook in PreHooks)
                    (input1, input2, input3, input4, input5, input6) = hook(this, input1, input2, input3, input4, input5, input6) ?? (input1, input2, input3, input4, input5, input6);
                var result = forward(input1, input2, input3, input4, input5, input6);
                foreach (var hook in PostHooks)
                    result = hook(this, input1, input2, input3, input4, input5, input6, result) ?? result;
                return result;
            }
        }
    }
}

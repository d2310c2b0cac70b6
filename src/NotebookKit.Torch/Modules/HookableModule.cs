namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A module that lets others look at, and change, what goes in and comes out of <c>call</c>.</summary>
        /// <typeparam name="TPreHook">what runs before forward</typeparam>
        /// <typeparam name="TPostHook">what runs after forward</typeparam>
        public abstract class HookableModule<TPreHook, TPostHook> : Module
            where TPreHook : Delegate
            where TPostHook : Delegate
        {
            /// <summary>A module without hooks.</summary>
            /// <param name="name">its name for messages</param>
            protected HookableModule(string name) : base(name)
            {
            }

            // Arrays that are never changed, only replaced: a call goes over those that it has begun with.
            private protected TPreHook[] PreHooks { get; private set; } = [];

            private protected TPostHook[] PostHooks { get; private set; } = [];

            /// <summary>Adds a function that runs after forward, on <c>call</c> alone; what it returns, unless null, takes the place of the result.</summary>
            /// <returns>takes the hook away again</returns>
            public HookRemover register_forward_hook(TPostHook hook)
            {
                PostHooks = [.. PostHooks, hook];
                return new HookRemover(() => PostHooks = Without(PostHooks, hook));
            }

            /// <summary>Adds a function that runs before forward, on <c>call</c> alone; what it returns, unless null, takes the place of the arguments.</summary>
            /// <returns>takes the hook away again</returns>
            public HookRemover register_forward_pre_hook(TPreHook hook)
            {
                PreHooks = [.. PreHooks, hook];
                return new HookRemover(() => PreHooks = Without(PreHooks, hook));
            }

            // One registration of a hook goes, should it be registered twice.
            private static T[] Without<T>(T[] hooks, T hook) where T : Delegate
            {
                var place = Array.FindIndex(hooks, h => ReferenceEquals(h, hook));
                return place < 0 ? hooks : [.. hooks[..place], .. hooks[(place + 1)..]];
            }

            /// <summary>Takes one hook away.</summary>
            public sealed class HookRemover
            {
                private Action? removal;

                internal HookRemover(Action removal) => this.removal = removal;

                /// <summary>Takes the hook away; a second call does nothing.</summary>
                public void remove() => Interlocked.Exchange(ref removal, null)?.Invoke();
            }
        }
    }
}

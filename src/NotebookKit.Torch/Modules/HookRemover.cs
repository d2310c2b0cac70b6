namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Takes a hook away again.</summary>
        public sealed class HookRemover
        {
            private readonly Action removal;

            internal HookRemover(Action removal) => this.removal = removal;

            /// <summary>Takes the hook away; a second call does nothing.</summary>
            public void remove() => removal();
        }

        /// <summary>Hooks in the order of their registration; a module may be called while one is taken away.</summary>
        internal sealed class HookList<T> where T : Delegate
        {
            private (object Key, T Hook)[] entries = [];

            public IEnumerable<T> Values => entries.Select(entry => entry.Hook);

            public HookRemover Add(T hook)
            {
                var key = new object();
                entries = [.. entries, (key, hook)];
                return new HookRemover(() => entries = [.. entries.Where(entry => entry.Key != key)]);
            }
        }
    }
}

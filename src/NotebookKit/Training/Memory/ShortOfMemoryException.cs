
namespace NotebookKit.Training.Memory;

/// <summary>A run did not fit into the memory. The message says in a sentence what was forecast and held, and what to do.</summary>
/// <param name="message">The sentence.</param>
/// <param name="inner">What the allocator said.</param>
public sealed class ShortOfMemoryException(string message, Exception inner) : Exception(message, inner);

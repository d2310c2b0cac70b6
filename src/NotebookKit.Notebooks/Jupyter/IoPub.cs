using System.Text;
using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>
/// The broadcast channel: status, printed text, displays, results, errors. Any thread may post; one thread owns the
/// socket, keeps the order, and joins printed text that comes faster than 25 ms into one message.
/// </summary>
internal sealed class IoPub
{
    private const int LongestQueue = 64, LongestText = 1 << 16, JoinMilliseconds = 25, CharactersPerMillisecond = 4096;

    private readonly Queue<Item> _queue = new();
    private readonly Thread _thread;
    private readonly PublisherSocket _socket = new();
    private readonly MessageCodec _codec;
    private Item? _last;
    private bool _ended;

    public IoPub(string address, MessageCodec codec)
    {
        _codec = codec;
        // Without this, output is dropped from 1,000 unread messages on.
        _socket.Options.SendHighWatermark = 0;
        _socket.Options.Linger = TimeSpan.FromSeconds(0.5);
        _socket.Bind(address);
        _thread = new Thread(SendAll) { IsBackground = true, Name = "iopub" };
        _thread.Start();
    }

    public void Post(string type, JsonObject content, Message? parent) => Enqueue(new Item(type, parent, content, null));

    public void Status(string state, Message? parent) => Post("status", new JsonObject { ["execution_state"] = state }, parent);

    /// <summary>Text that a cell printed.</summary>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="text">Any length, line ends included.</param>
    /// <param name="cell">The request that the cell came with.</param>
    public void Print(string stream, string text, Message cell)
    {
        if (text.Length > 0)
            Enqueue(new Item(stream, cell, null, new StringBuilder(text)));
    }

    /// <summary>Sends what is queued and closes the socket.</summary>
    public void End()
    {
        lock (_queue)
        {
            _ended = true;
            Monitor.PulseAll(_queue);
        }

        _thread.Join(TimeSpan.FromSeconds(2));
    }

    private void Enqueue(Item item)
    {
        lock (_queue)
        {
            if (item.Text is not null && _last is { Text: { } text } && _last.Type == item.Type
                && ReferenceEquals(_last.Parent, item.Parent) && text.Length < LongestText)
            {
                text.Append(item.Text);
                return;
            }

            while (_queue.Count >= LongestQueue && !_ended)
                Monitor.Wait(_queue);
            _queue.Enqueue(item);
            _last = item;
            Monitor.PulseAll(_queue);
        }
    }

    private void SendAll()
    {
        while (Dequeue() is { } item)
        {
            var message = item.Text is null
                ? Message.Create(item.Type, item.Content!, item.Parent)
                : Message.Create("stream", new JsonObject { ["name"] = item.Type, ["text"] = item.Text.ToString() }, item.Parent);
            _socket.SendMultipartBytes([Encoding.UTF8.GetBytes(item.Type), .. _codec.Encode(message)]);
            // The socket takes everything, at once and into memory: an endless loop that prints must be slowed down here.
            if (item.Text is not null)
                Thread.Sleep(item.Text.Length / CharactersPerMillisecond);
        }

        _socket.Dispose();
    }

    private Item? Dequeue()
    {
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                if (_ended)
                    return null;
                Monitor.Wait(_queue);
            }

            // Only text that nothing follows waits for more of itself.
            if (_queue.Count == 1 && _queue.Peek().Text is not null && !_ended)
                Monitor.Wait(_queue, JoinMilliseconds);

            var item = _queue.Dequeue();
            if (item == _last)
                _last = null;
            Monitor.PulseAll(_queue);
            return item;
        }
    }

    /// <summary>A message to send: content, or printed text that still grows.</summary>
    private sealed class Item(string type, Message? parent, JsonObject? content, StringBuilder? text)
    {
        public string Type { get; } = type;
        public Message? Parent { get; } = parent;
        public JsonObject? Content { get; } = content;
        public StringBuilder? Text { get; } = text;
    }
}

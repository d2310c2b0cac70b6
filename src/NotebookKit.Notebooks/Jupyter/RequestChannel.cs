using System.Text.Json.Nodes;
using NetMQ;
using NetMQ.Sockets;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>A channel that front ends send requests to: shell, control or stdin. It belongs to one thread at a time.</summary>
internal sealed class RequestChannel : IDisposable
{
    private readonly RouterSocket _socket = new();
    private readonly MessageCodec _codec;
    private readonly Action<string> _log;

    public RequestChannel(string address, MessageCodec codec, Action<string> log)
    {
        (_codec, _log) = (codec, log);
        // A front end that comes back under its old name is let in.
        _socket.Options.RouterHandover = true;
        _socket.Options.SendHighWatermark = _socket.Options.ReceiveHighWatermark = 0;
        _socket.Bind(address);
    }

    /// <summary>The next well-formed message; null when none came in time. Others are reported and dropped.</summary>
    public Message? Receive(TimeSpan time)
    {
        List<byte[]> frames = [];
        while (_socket.TryReceiveMultipartBytes(time, ref frames))
        {
            try
            {
                return _codec.Decode(frames);
            }
            catch (InvalidDataException e)
            {
                _log($"dropped {e.Message}");
            }
        }

        return null;
    }

    public void Reply(Message request, string type, JsonObject content) =>
        _socket.SendMultipartBytes(_codec.Encode(Message.Create(type, content, request, request.Identities)));

    public void Dispose() => _socket.Dispose();
}

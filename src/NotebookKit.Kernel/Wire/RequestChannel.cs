using System.Text.Json.Nodes;

namespace NotebookKit.Kernel.Wire;

/// <summary>A channel that front ends send requests to: shell, control or stdin.</summary>
internal sealed class RequestChannel : IDisposable
{
    private readonly ZmqSocket _socket = new(Zmq.Router);
    private readonly MessageCodec _codec;

    public RequestChannel(string address, MessageCodec codec)
    {
        _codec = codec;
        _socket.Set(Zmq.RouterHandover, 1);
        _socket.Bind(address);
    }

    /// <summary>The next well-formed message; null when none came in time. Others are reported and dropped.</summary>
    public Message? Receive(int milliseconds = -1)
    {
        while (_socket.Receive(milliseconds) is { } frames)
        {
            try
            {
                return _codec.Decode(frames);
            }
            catch (InvalidDataException e)
            {
                StandardError.WriteLine($"kit-kernel: dropped {e.Message}");
            }
        }

        return null;
    }

    public void Reply(Message request, string type, JsonObject content) =>
        _socket.Send(_codec.Encode(Message.Create(type, content, request, request.Identities)));

    public void Dispose() => _socket.Dispose();
}

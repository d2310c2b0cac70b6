using System.Runtime.InteropServices;

namespace NotebookKit.Kernel.Wire;

/// <summary>One ZeroMQ socket. Like the native one it belongs to one thread at a time.</summary>
internal sealed unsafe class ZmqSocket : IDisposable
{
    // One context for the process, as libzmq advises; it lives as long as the process.
    private static readonly Lazy<nint> Context = new(Zmq.zmq_ctx_new);
    private nint _socket;
    private int _timeout = -1;

    public ZmqSocket(int type)
    {
        _socket = Zmq.zmq_socket(Context.Value, type);
        if (_socket == 0)
            throw Failure("zmq_socket");
        // Messages already sent get half a second to leave when the kernel ends.
        Set(Zmq.Linger, 500);
        // Without this, libzmq drops output from 1,000 unread messages on.
        Set(Zmq.SendHighWater, 0);
        Set(Zmq.ReceiveHighWater, 0);
    }

    public void Set(int option, int value) => Check(Zmq.zmq_setsockopt(_socket, option, &value, sizeof(int)), "zmq_setsockopt");

    /// <summary>A subscriber's filter: everything.</summary>
    public void SubscribeToAll() => Check(Zmq.zmq_setsockopt(_socket, Zmq.Subscribe, null, 0), "zmq_setsockopt");

    public void Bind(string address) => Check(Zmq.zmq_bind(_socket, address), $"zmq_bind {address}");

    public void Connect(string address) => Check(Zmq.zmq_connect(_socket, address), $"zmq_connect {address}");

    /// <summary>Sends one message of several frames.</summary>
    public void Send(IReadOnlyList<byte[]> frames)
    {
        for (var i = 0; i < frames.Count; i++)
        {
            fixed (byte* bytes = frames[i])
            {
                int rc;
                do
                    rc = Zmq.zmq_send(_socket, bytes, (nuint)frames[i].Length, i < frames.Count - 1 ? Zmq.SendMore : 0);
                while (rc < 0 && Marshal.GetLastPInvokeError() == Zmq.Interrupted);
                Check(rc, "zmq_send");
            }
        }
    }

    /// <summary>Waits for one message.</summary>
    /// <param name="milliseconds">How long to wait; -1 is for ever.</param>
    /// <returns>Its frames, or null when none came in time or the process ends.</returns>
    public List<byte[]>? Receive(int milliseconds = -1)
    {
        if (milliseconds != _timeout)
            Set(Zmq.ReceiveTimeout, _timeout = milliseconds);
        var frames = new List<byte[]>();
        bool more;
        do
        {
            Zmq.Frame frame;
            _ = Zmq.zmq_msg_init(&frame);
            try
            {
                int rc;
                do
                    rc = Zmq.zmq_msg_recv(&frame, _socket, 0);
                while (rc < 0 && Marshal.GetLastPInvokeError() == Zmq.Interrupted);
                if (rc < 0 && Marshal.GetLastPInvokeError() is Zmq.TryAgain or Zmq.Terminated)
                    return null;
                Check(rc, "zmq_msg_recv");
                frames.Add(new ReadOnlySpan<byte>(Zmq.zmq_msg_data(&frame), (int)Zmq.zmq_msg_size(&frame)).ToArray());
                more = Zmq.zmq_msg_more(&frame) != 0;
            }
            finally
            {
                _ = Zmq.zmq_msg_close(&frame);
            }
        }
        while (more);
        return frames;
    }

    public void Dispose()
    {
        if (_socket != 0)
            _ = Zmq.zmq_close(_socket);
        _socket = 0;
    }

    private static void Check(int rc, string what)
    {
        if (rc < 0)
            throw Failure(what);
    }

    private static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.PtrToStringUTF8(Zmq.zmq_strerror(error))}");
    }

    /// <summary>Ends all waiting for messages, and lets those already sent leave, for at most a second.</summary>
    public static void Flush()
    {
        if (Context.IsValueCreated)
            Task.Run(() => Zmq.zmq_ctx_term(Context.Value)).Wait(TimeSpan.FromSeconds(1));
    }
}

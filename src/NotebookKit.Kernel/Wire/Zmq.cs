using System.Runtime.InteropServices;

namespace NotebookKit.Kernel.Wire;

/// <summary>The part of libzmq that a Jupyter kernel needs, and its numbers from <c>zmq.h</c>.</summary>
internal static unsafe partial class Zmq
{
    private const string Library = "libzmq.so.5";

    public const int Pub = 1, Sub = 2, Rep = 4, Dealer = 5, Router = 6, Req = 3;
    public const int RoutingId = 5, Subscribe = 6, Linger = 17, SendHighWater = 23, ReceiveHighWater = 24, ReceiveTimeout = 27, RouterHandover = 56;
    public const int SendMore = 2;
    public const int Interrupted = 4, TryAgain = 11, Terminated = 156384765;

    /// <summary>Room for <c>zmq_msg_t</c>, whose content is libzmq's own affair.</summary>
    public struct Frame
    {
        private fixed long _room[8];
    }

    [LibraryImport(Library)] public static partial nint zmq_ctx_new();
    [LibraryImport(Library)] public static partial int zmq_ctx_term(nint context);
    [LibraryImport(Library, SetLastError = true)] public static partial nint zmq_socket(nint context, int type);
    [LibraryImport(Library)] public static partial int zmq_close(nint socket);
    [LibraryImport(Library, SetLastError = true)] public static partial int zmq_setsockopt(nint socket, int option, void* value, nuint size);
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] public static partial int zmq_bind(nint socket, string address);
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] public static partial int zmq_connect(nint socket, string address);
    [LibraryImport(Library, SetLastError = true)] public static partial int zmq_send(nint socket, byte* bytes, nuint size, int flags);
    [LibraryImport(Library)] public static partial int zmq_msg_init(Frame* frame);
    [LibraryImport(Library, SetLastError = true)] public static partial int zmq_msg_recv(Frame* frame, nint socket, int flags);
    [LibraryImport(Library)] public static partial byte* zmq_msg_data(Frame* frame);
    [LibraryImport(Library)] public static partial nuint zmq_msg_size(Frame* frame);
    [LibraryImport(Library)] public static partial int zmq_msg_more(Frame* frame);
    [LibraryImport(Library)] public static partial int zmq_msg_close(Frame* frame);
    [LibraryImport(Library)] public static partial nint zmq_strerror(int error);
}

using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>What Jupyter's connection file says: where the five channels are, and the key that signs messages.</summary>
internal sealed record Connection(
    string Ip, int ShellPort, int IoPubPort, int StdinPort, int ControlPort, int HeartbeatPort, string Key)
{
    /// <exception cref="BadInputException">The file says something that is not spoken here.</exception>
    public static Connection Load(string path)
    {
        JsonObject json;
        try
        {
            json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or NullReferenceException)
        {
            throw new BadInputException($"{path} is no connection file of Jupyter's; Jupyter gives it when it starts the kernel.");
        }

        if (json.Text("signature_scheme") is { Length: > 0 } scheme and not "hmac-sha256")
            throw new BadInputException($"{path}: signature_scheme {scheme} is not spoken here; use hmac-sha256.");
        if (json.Text("transport") is { } transport and not "tcp")
            throw new BadInputException($"{path}: transport {transport} is not spoken here; use tcp.");
        var ip = json.Text("ip") ?? "127.0.0.1";
        if (ip != "localhost" && !(IPAddress.TryParse(ip, out var address) && IPAddress.IsLoopback(address)))
            throw new BadInputException($"{path}: ip {ip} is not this machine's own; use 127.0.0.1, and ssh to come from elsewhere.");
        if (json.Text("key") is not { Length: > 0 } key)
            throw new BadInputException($"{path}: key is empty, so anybody on this machine could run cells; let Jupyter make one.");
        return new Connection(
            ip, json.Number("shell_port", 0), json.Number("iopub_port", 0), json.Number("stdin_port", 0),
            json.Number("control_port", 0), json.Number("hb_port", 0), key);
    }

    /// <summary>A front end's side: five ports of this machine that nobody has, and a key.</summary>
    public static Connection OnFreePorts(string key)
    {
        var listeners = Enumerable.Range(0, 5).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToList();
        listeners.ForEach(listener => listener.Stop());
        return new Connection("127.0.0.1", ports[0], ports[1], ports[2], ports[3], ports[4], key);
    }

    /// <summary>Writes the file that a kernel reads.</summary>
    public void Save(string path) => File.WriteAllText(path, new JsonObject
    {
        ["transport"] = "tcp",
        ["ip"] = Ip,
        ["key"] = Key,
        ["signature_scheme"] = "hmac-sha256",
        ["shell_port"] = ShellPort,
        ["iopub_port"] = IoPubPort,
        ["stdin_port"] = StdinPort,
        ["control_port"] = ControlPort,
        ["hb_port"] = HeartbeatPort,
    }.ToJsonString());

    /// <summary>A channel's ZeroMQ address.</summary>
    public string Address(int port) => $"tcp://{Ip}:{port}";
}

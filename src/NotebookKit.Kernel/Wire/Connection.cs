using System.Text.Json.Nodes;

namespace NotebookKit.Kernel.Wire;

/// <summary>What Jupyter's connection file says: where the five channels are, and the key that signs messages.</summary>
internal sealed record Connection(
    string Transport, string Ip, int ShellPort, int IoPubPort, int StdinPort, int ControlPort, int HeartbeatPort, string Key)
{
    public static Connection Load(string path)
    {
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        var scheme = json.Text("signature_scheme");
        if (scheme is not (null or "" or "hmac-sha256"))
            throw new InvalidDataException($"{path}: signature_scheme {scheme} is not spoken here; use hmac-sha256.");
        return new Connection(
            json.Text("transport") ?? "tcp", json.Text("ip") ?? "127.0.0.1",
            json.Number("shell_port", 0), json.Number("iopub_port", 0), json.Number("stdin_port", 0),
            json.Number("control_port", 0), json.Number("hb_port", 0), json.Text("key") ?? "");
    }

    /// <summary>A channel's ZeroMQ address.</summary>
    public string Address(int port) => Transport == "ipc" ? $"ipc://{Ip}-{port}" : $"{Transport}://{Ip}:{port}";
}

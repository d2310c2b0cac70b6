using System.Text;
using System.Text.Json.Nodes;
using NotebookKit.Notebooks;
using NotebookKit.Notebooks.Jupyter;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>The protocol's other duties: introductions, signatures, heartbeat, the end.</summary>
public sealed class ProtocolTests(KernelClient kernel) : IClassFixture<KernelClient>
{
    [Fact]
    public void The_kernel_introduces_itself_as_CSharp()
    {
        var info = kernel.Ask("kernel_info_request", []);
        Assert.Equal("5.3", info.Text("protocol_version"));
        Assert.Equal("C#", (string?)info["language_info"]!["name"]);
        Assert.Equal(".cs", (string?)info["language_info"]!["file_extension"]);
        Assert.Equal("ok", kernel.Ask("comm_info_request", []).Text("status"));
    }

    [Fact]
    public void The_heart_beats_while_a_cell_runs()
    {
        var id = kernel.SendCell("System.Threading.Thread.Sleep(300);");
        Assert.Equal("ping"u8.ToArray(), kernel.Heartbeat("ping"u8.ToArray()));
        kernel.Finish(id);
    }

    [Fact]
    public void A_message_signed_with_another_key_is_not_answered()
    {
        kernel.SendForged("kernel_info_request");
        Assert.Null(kernel.ReceiveShell(400));
        Assert.Equal("ok", kernel.Ask("kernel_info_request", []).Text("status"));
    }

    [Fact]
    public void A_message_survives_the_wire_and_a_changed_one_does_not()
    {
        var codec = new MessageCodec("key");
        var message = Message.Create("execute_request", new JsonObject { ["code"] = "\"ᾱ 🐇\"" }, null, [[1, 2], [3]]);
        var frames = codec.Encode(message).ToList();
        var back = codec.Decode(frames);
        Assert.Equal("execute_request", back.Type);
        Assert.Equal("\"ᾱ 🐇\"", back.Content.Text("code"));
        Assert.Equal([[1, 2], [3]], back.Identities);

        frames[^1] = Encoding.UTF8.GetBytes("{\"code\":\"1\"}");
        Assert.Throws<InvalidDataException>(() => codec.Decode(frames));
        Assert.Throws<InvalidDataException>(() => codec.Decode(frames[..3]));
    }

    [Fact]
    public void A_cell_may_ask_its_reader_for_a_line()
    {
        var id = kernel.SendCell("Console.ReadLine() + \"!\"", asks: true);
        Assert.Equal("", kernel.AnswerInput("yes"));
        Assert.Equal("yes!", kernel.Finish(id).Result());

        id = kernel.SendCell("await Microsoft.DotNet.Interactive.Kernel.GetInputAsync(\"your name\")", asks: true);
        Assert.Equal("your name", kernel.AnswerInput("Tuft"));
        Assert.Equal("Tuft", kernel.Finish(id).Result());
    }

    [Fact]
    public void What_ran_is_remembered()
    {
        kernel.Run("1 + 1");
        kernel.Run("2 + 2");
        var history = kernel.Ask("history_request", new JsonObject { ["hist_access_type"] = "tail", ["n"] = 2 })["history"]!.AsArray();
        Assert.Equal(["1 + 1", "2 + 2"], history.Select(cell => (string?)cell![2]));
    }

    /// <summary>Ten thousand are sent when KIT_HOSTILE says so.</summary>
    [Fact]
    public void No_malformed_unsigned_or_repeated_message_is_executed()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("KIT_HOSTILE") ?? "300",
            System.Globalization.CultureInfo.InvariantCulture);
        kernel.Run("var executed = 0;");
        var random = new Random(7);
        var once = kernel.Encode("execute_request", new JsonObject { ["code"] = "executed++;", ["silent"] = true });
        kernel.SendRaw(once);
        for (var i = 0; i < count; i++)
        {
            var frames = kernel.Encode("execute_request", new JsonObject { ["code"] = "executed = -1000000;" });
            switch (i % 6)
            {
                case 0: // another signature
                    frames[1] = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomBytes(32)));
                    break;
                case 1: // none
                    frames[1] = [];
                    break;
                case 2: // changed after signing
                    frames[^1] = Encoding.UTF8.GetBytes($"{{\"code\":\"executed = -{i};\"}}");
                    break;
                case 3: // cut short
                    frames = frames[..random.Next(1, frames.Count)];
                    break;
                case 4: // bytes
                    frames = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => RandomBytes(random.Next(0, 200)))];
                    break;
                default: // word for word once more
                    frames = [.. once];
                    break;
            }

            kernel.SendRaw(frames);
        }

        Assert.Equal("1", kernel.Run("executed").Result());

        byte[] RandomBytes(int length)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    [Theory]
    [InlineData("{\"ip\": \"0.0.0.0\", \"key\": \"k\"}", "not this machine's own")]
    [InlineData("{\"key\": \"\"}", "key is empty")]
    [InlineData("{\"key\": \"k\", \"transport\": \"ipc\"}", "use tcp")]
    [InlineData("{\"key\": \"k\", \"signature_scheme\": \"hmac-md5\"}", "use hmac-sha256")]
    [InlineData("[", "no connection file")]
    public void A_connection_file_that_asks_for_something_else_is_refused_in_one_sentence(string json, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], json);
        Assert.Contains(reason, Assert.Throws<BadInputException>(() => Connection.Load(folder["c.json"])).Message);
    }

    [Fact]
    public void The_kernel_ends_on_request_even_while_a_cell_runs()
    {
        using var other = new KernelClient();
        other.SendCell("while (true) { }");
        other.SendControl("shutdown_request", new JsonObject { ["restart"] = true });
        Assert.True((bool)other.ReceiveControl()!.Content["restart"]!);
        Assert.True(other.Process.WaitForExit(5000));
    }
}

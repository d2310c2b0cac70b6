using NotebookKit.Checkpoints;

namespace NotebookKit.Tests.Checkpoints;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_full_disk_is_told_with_the_target_s_name_and_the_older_file_stays_whole()
    {
        using var folder = new TemporaryFolder();
        var path = folder["rabbit.safetensors"];
        AtomicFile.WriteText(path, "older");

        var error = Assert.Throws<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new IOException("No space left on device", 28);
        }));

        Assert.Contains(path, error.Message);
        Assert.Contains("The disk is full", error.Message);
        Assert.DoesNotContain(".tmp", error.Message);
        Assert.Equal("older", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void The_kernel_s_own_full_device_is_recognised()
    {
        // What a write to /dev/full throws is what a write to a full disk throws.
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0);
        using var folder = new TemporaryFolder();
        var path = folder["x.png"];

        var error = Assert.Throws<IOException>(() => AtomicFile.Write(path, _ => full.Write([1])));

        Assert.StartsWith("The disk is full", error.Message);
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void A_folder_in_the_target_s_place_is_bad_input()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<BadInputException>(() => AtomicFile.WriteText(folder.Root, "text"));
        Assert.Contains("is a folder", error.Message);
    }
}

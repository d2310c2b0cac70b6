using System.Globalization;
using System.Text;
using NotebookKit.Checkpoints.Pickle;
using NotebookKit.Checkpoints.Zip;

namespace NotebookKit.Checkpoints;

/// <summary>Writes a <c>.ckpt</c> as PyTorch's <c>torch.save({"state_dict": …})</c> does, which <c>torch.load(weights_only=True)</c>
/// opens.</summary>
internal static class TorchFileWriter
{
    private const string Folder = "archive";

    /// <summary>Writes the file; one of that name is replaced only once the new one is whole.</summary>
    public static void Save(string path, IReadOnlyList<TensorToSave> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var pickle = new PickleWriter();
        pickle.BeginDictionary();
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            pickle.Text(key);
            pickle.Text(value);
        }

        pickle.Text("state_dict");
        pickle.BeginDictionary();
        for (var i = 0; i < tensors.Count; i++)
        {
            pickle.Text(tensors[i].Name);
            pickle.Tensor(Key(i), tensors[i].DType, tensors[i].Shape);
        }

        pickle.EndDictionary();
        pickle.EndDictionary();
        var bytes = pickle.Finish();
        AtomicFile.Write(path, stream =>
        {
            var zip = new ZipWriter(stream);
            zip.Add($"{Folder}/data.pkl", bytes.Length, output => output.Write(bytes));
            AddText(zip, "byteorder", "little");
            for (var i = 0; i < tensors.Count; i++)
                zip.Add($"{Folder}/data/{Key(i)}", tensors[i].ByteCount, tensors[i].Write);
            AddText(zip, "version", "3\n");
            zip.Finish();
        });
    }

    private static string Key(int index) => index.ToString(CultureInfo.InvariantCulture);

    private static void AddText(ZipWriter zip, string name, string text) =>
        zip.Add($"{Folder}/{name}", text.Length, output => output.Write(Encoding.ASCII.GetBytes(text)));
}

using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

/// <summary>The folders of a run may not be one another.</summary>
public sealed class FolderChecksTests(TinyBase tiny) : ToyTraining(tiny)
{
    private string Photos => Path.Combine(Folder, "photos");

    [Theory]
    [InlineData("photos")]
    [InlineData("photos/")]
    [InlineData("out/../photos")]
    [InlineData("linked")]
    public void Class_images_may_not_be_painted_among_the_photos(string name) =>
        Refused(Ours with { Concepts = [Ours.Concepts[0] with { ClassDir = Path.Combine(Folder, name) }] }, "ClassDir", "InstanceDir");

    [Fact]
    public void The_photos_of_one_concept_may_not_be_the_class_images_of_another() =>
        Refused(Ours with { Concepts = [.. Ours.Concepts, Ours.Concepts[0] with { InstanceDir = Tiny.Pictures, ClassDir = Photos }] },
            "ClassDir", "InstanceDir");

    [Fact]
    public void Held_out_pictures_may_be_neither_the_photos_nor_the_class_images()
    {
        Refused(Ours with { Samples = new() { HeldOutDir = Photos } }, "Samples.HeldOutDir", "InstanceDir");
        Refused(Ours with
        {
            Samples = new() { HeldOutDir = Tiny.Pictures },
            Concepts = [Ours.Concepts[0] with { ClassDir = Tiny.Pictures }]
        }, "Samples.HeldOutDir", "ClassDir");
    }

    [Theory]
    [InlineData("photos")]
    [InlineData(".")]
    public void A_model_may_not_replace_the_folder_that_the_photos_lie_in(string output)
    {
        Refused(Ours with { Method = TrainMethod.DreamBooth, Saving = new() { Output = Path.Combine(Folder, output) } }, "Saving.Output",
            "InstanceDir");
        Assert.Equal(3, Directory.GetFiles(Photos, "*.png").Length);
    }

    [Fact]
    public void A_model_may_not_replace_a_folder_of_other_things()
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "thesis")).FullName, "thesis.tex"), "");
        Refused(Ours with { Method = TrainMethod.DreamBooth, Saving = new() { Output = Path.Combine(Folder, "thesis") } },
            "Saving.Output", "other things than a model");
    }

    [Fact]
    public void A_LoRA_may_not_be_written_among_the_photos() =>
        Refused(Ours with { Saving = new() { Output = Path.Combine(Photos, "toy.safetensors") } }, "Saving.Output", "InstanceDir");

    [Fact]
    public void The_photos_may_not_lie_where_the_run_writes_samples_class_images_or_checkpoints()
    {
        foreach (var folder in (string[])["out/samples", "out/checkpoints", "out/checkpoints/toy", "out/checkpoints/toy/deep",
            "out/class-images/a-photo-of-a-toy"])
        {
            Copy(Path.Combine(Folder, folder));
            Refused(Ours with { Concepts = [Ours.Concepts[0] with { InstanceDir = Path.Combine(Folder, folder) }] }, "InstanceDir", "");
        }
    }

    [Fact]
    public void Folders_inside_one_another_are_fine_where_nothing_mixes() =>
        (Ours with { Concepts = [Ours.Concepts[0] with { ClassDir = Path.Combine(Photos, "class") }] }).Validate();

    private TrainOptions Ours
    {
        get
        {
            Copy(Photos);
            if (!Directory.Exists(Path.Combine(Folder, "linked")))
                Directory.CreateSymbolicLink(Path.Combine(Folder, "linked"), Photos);
            return Options with
            {
                Concepts = [Options.Concepts[0] with { InstanceDir = Photos }],
                Saving = new() { Output = Path.Combine(Folder, "out", "toy.safetensors") }
            };
        }
    }

    private void Copy(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(Tiny.Pictures))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
    }

    private static void Refused(TrainOptions options, string one, string other)
    {
        var sentence = Assert.ThrowsAny<BadInputException>(options.Validate).Message;
        Assert.Contains(one, sentence, StringComparison.Ordinal);
        Assert.Contains(other, sentence, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', sentence);
    }
}

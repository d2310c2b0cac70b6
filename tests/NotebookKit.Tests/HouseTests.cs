namespace NotebookKit.Tests;

public sealed class HouseTests
{
    [Fact]
    public void The_notebooks_stand_in_the_checkout() => Assert.True(Directory.Exists(Path.Combine(House.Root, "src")));
}

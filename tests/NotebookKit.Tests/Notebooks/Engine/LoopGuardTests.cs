using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Tests.Notebooks.Engine;

public sealed class LoopGuardTests
{
    [Theory]
    [InlineData("while (true) ;", "while (true) {G;}")]
    [InlineData("for (;;) { x++; }", "for (;;) {G x++; }")]
    [InlineData("foreach (var a in b)\n    foreach (var c in a)\n        F(c);",
        "foreach (var a in b)\n    {Gforeach (var c in a)\n        {GF(c);}}")]
    [InlineData("do x++; while (x < 3);", "do {Gx++;} while (x < 3);")]
    [InlineData("int F(int n) { return F(n); }", "int F(int n) {G return F(n); }")]
    [InlineData("Action a = () => { };", "Action a = () => {G };")]
    [InlineData("var y = x => x + 1; // while (true)", "var y = x => x + 1; // while (true)")]
    public void Loops_and_functions_are_guarded_in_their_own_lines(string source, string guarded) =>
        Assert.Equal(guarded, LoopGuards.Insert(source).Replace("global::NotebookKit.Notebooks.Engine.LoopGuards.Check();", "G"));

    [Fact]
    public void Code_that_does_not_parse_is_left_to_the_compiler_to_judge() =>
        Assert.Contains("while (", LoopGuards.Insert("while ("));
}

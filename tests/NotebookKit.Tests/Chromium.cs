using System.Reflection;
using Microsoft.Playwright;

namespace NotebookKit.Tests;

/// <summary>Debian's Chromium, driven by Playwright's package; a test that needs it is skipped where it isn't there.</summary>
internal sealed class Chromium(IPlaywright playwright, IBrowser browser) : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    /// <summary>The browser.</summary>
    public IBrowser Browser => browser;

    /// <summary>Whether it is there.</summary>
    public static bool IsHere => File.Exists(Program);

    /// <summary>Skips the test on a machine without it.</summary>
    public static void Require() => Assert.SkipUnless(IsHere, $"there is no {Program} on this machine");

    /// <summary>Starts it, without a window.</summary>
    public static async Task<Chromium> StartAsync()
    {
        Environment.SetEnvironmentVariable("PLAYWRIGHT_DRIVER_SEARCH_PATH",
            typeof(Chromium).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
                .Single(data => data.Key == "PlaywrightPackage").Value);
        var playwright = await Playwright.CreateAsync();
        return new Chromium(playwright, await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Program, Args = ["--no-sandbox"] }));
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}

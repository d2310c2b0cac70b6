
namespace NotebookKit.Tests.Checkpoints.Hub;

/// <summary>What a server, or the lack of one, may do, and what is said of it.</summary>
public sealed class HubRefusalTests : HubCases
{
    [Theory]
    [InlineData(401, null, "HF_TOKEN")]
    [InlineData(401, Secret, "does not accept the token")]
    [InlineData(403, Secret, "accept its terms")]
    [InlineData(404, null, "has no model owner/tiny")]
    [InlineData(418, null, "answers 418")]
    public void A_refusal_is_one_sentence_with_the_remedy_and_without_the_token(int status, string? token, string named)
    {
        _server.Misbehave = context =>
        {
            HubServer.Refuse(context, status);
            return true;
        };
        var sentence = Refusal(() => Fetch(token: token));
        Assert.Contains(named, sentence);
        Assert.DoesNotContain(Secret, sentence);
        Assert.Equal(token is null ? null : $"Bearer {Secret}", _server.Requests.Single().Authorization);
        Assert.DoesNotContain(Secret, Settings(token).ToString());
    }

    [Theory]
    [InlineData(429, "0")]
    [InlineData(503, null)]
    public void A_busy_server_is_asked_again(int status, string? retryAfter)
    {
        var busy = 0;
        _server.Misbehave = context =>
        {
            if (busy++ % 2 == 1)
                return false;
            HubServer.Refuse(context, status, retryAfter);
            return true;
        };
        Assert.True(File.Exists(Path.Combine(Fetch(), UNet)));
    }

    [Fact]
    public void A_server_that_asks_for_an_hour_is_told_not_waited_for()
    {
        _server.Misbehave = context =>
        {
            HubServer.Refuse(context, 429, "3600");
            return true;
        };
        Assert.Contains("60 minutes", Refusal(() => Fetch()));
    }

    [Fact]
    public void Without_a_network_a_copy_is_used_or_the_sentence_is_clear()
    {
        _server.Dispose();
        Assert.Contains("check the network", Refusal(() => Fetch()));
        Assert.Contains("HF_HUB_OFFLINE", Refusal(() => Fetch(offline: true)));
    }

    [Fact]
    public void What_is_there_whole_needs_no_network_and_what_is_not_is_noticed()
    {
        var snapshot = Fetch();
        _server.Dispose();
        Assert.Equal(snapshot, Fetch());
        Assert.Equal(snapshot, Fetch(offline: true));
        File.Delete(new FileInfo(Path.Combine(snapshot, UNet)).ResolveLinkTarget(true)!.FullName);
        Assert.Contains("not on this machine whole", Refusal(() => Fetch(offline: true)));
    }

    [Fact]
    public void The_token_does_not_follow_a_redirect_to_another_server()
    {
        using var store = new HubServer();
        store.Files[UNet] = _server.Files[UNet];
        _server.Misbehave = context =>
        {
            if (!context.Request.Url!.AbsolutePath.EndsWith(UNet))
                return false;
            context.Response.Redirect(new Uri(store.Endpoint, context.Request.Url.AbsolutePath).AbsoluteUri);
            context.Response.Close();
            return true;
        };
        Fetch(token: Secret);
        Assert.Null(Assert.Single(store.Requests).Authorization);
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("/etc/outside")]
    public void A_listing_that_reaches_outside_the_cache_is_refused(string path)
    {
        _server.Files[path] = Noise(10);
        Assert.Contains("not understood", Refusal(() => Fetch()));
    }
}

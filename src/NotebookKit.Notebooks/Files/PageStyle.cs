namespace NotebookKit.Notebooks.Files;

/// <summary>The page's style sheet.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--page:#fff;--box:#f5f6f8;--line:#d8dee4;--key:#8250df;--str:#0a5d3b;--num:#0550ae;--note:#6a737d;--bad:#b3261e;--link:#0757ba}
        @media (prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#9aa4af;--page:#15181c;--box:#1f242b;--line:#363d47;--key:#c297ff;--str:#7fd1a4;--num:#85bdff;--note:#8b949e;--bad:#ff8a80;--link:#85bdff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.6 system-ui,sans-serif}
        main{max-width:60rem;margin:0 auto;padding:1rem 1rem 4rem}
        a{color:var(--link)}h1,h2,h3{line-height:1.25;margin:1.6em 0 .5em}
        img,svg{max-width:100%;height:auto}
        code,pre{font:14px/1.5 ui-monospace,SFMono-Regular,Consolas,monospace}
        .prose code{background:var(--box);padding:.1em .3em;border-radius:4px}
        .prose pre{background:var(--box);padding:.6rem .8rem;border-radius:6px;overflow-x:auto}
        .flow{max-width:none}
        .cell{margin:1rem 0}.code{position:relative;background:var(--box);border:1px solid var(--line);border-radius:6px}
        .code pre{margin:0;padding:.6rem .8rem .6rem 3.2rem;overflow-x:auto}
        .count{position:absolute;left:.6rem;top:.6rem;color:var(--soft);font:13px/1.6 ui-monospace,monospace}
        .out{margin:.5rem 0;overflow-x:auto}.stderr,.error{color:var(--bad)}pre.out{padding:0 .2rem;white-space:pre-wrap;overflow-wrap:anywhere}
        table{border-collapse:collapse;margin:.6rem 0;display:block;overflow-x:auto;max-width:100%}
        th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);vertical-align:top}th{text-align:left}
        .k{color:var(--key)}.s{color:var(--str)}.n{color:var(--num)}.c{color:var(--note)}
        .math{font-family:"STIX Two Math","Cambria Math",serif;font-style:italic}div.math{text-align:center;margin:1rem 0}
        details>summary{cursor:pointer;color:var(--soft)}
        @media (max-width:40rem){.count{display:none}.code pre{padding-left:.8rem}main{padding:.6rem}}
        """;
}

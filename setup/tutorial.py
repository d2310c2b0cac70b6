"""Runs the notebooks headless and writes, for each, the executed notebook and one HTML page.

Called by `kit tutorial`, which has set up the machine and Jupyter's folders. Exit codes: 0 done, 1 a cell failed,
2 bad input.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import time
import warnings
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_DFL)  # while the libraries load, Ctrl-C simply ends
warnings.filterwarnings("ignore")  # libraries' notes to their own developers

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
OUT = ROOT / "artifacts" / "tutorial"


def say(text, end="\n"):
    print(f"kit: {text}", end=end, file=sys.stderr, flush=True)


def find(names):
    """The notebooks to run: the first of the course, or all, or by name; a name may leave out the folder, the ending, or all but its start."""
    course = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not names:
        return course[:1]
    if names == ["all"]:
        return course
    chosen = []
    for name in names:
        stem = Path(name).name.removesuffix(".ipynb")
        matches = [path for path in course if path.stem == stem] or [path for path in course if path.stem.startswith(stem)]
        if len(matches) != 1:
            there = ", ".join(path.stem for path in course) or "none"
            sys.exit(bad_input(f"'{name}' names {len(matches)} notebooks; notebooks/ holds: {there}."))
        chosen += matches
    return chosen


def bad_input(sentence):
    say(sentence)
    return 2


def execute(path):
    """Runs one notebook in a fresh kernel. Returns the executed notebook and the failure, None when every cell ran."""
    notebook = nbformat.read(path, as_version=4)
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    live = sys.stderr.isatty()
    started = time.monotonic()
    done = 0
    stopped = False

    def stop(task):
        nonlocal stopped
        stopped = True
        task.cancel()  # nbclient ends the kernel on its way out

    def on_cell_start(cell, cell_index):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop, asyncio.current_task())
        if live and cell.cell_type == "code":
            say(f"{path.stem}: cell {done + 1} of {total}, {time.monotonic() - started:.0f} s\033[K", end="\r")

    def on_cell_executed(cell, cell_index, execute_reply):
        nonlocal done
        done += 1

    client = NotebookClient(
        notebook,
        timeout=None,
        record_timing=False,
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        on_cell_start=on_cell_start,
        on_cell_executed=on_cell_executed,
    )
    failure = None
    try:
        client.execute()
    except CellExecutionError as error:
        failed = next(cell for cell in notebook.cells if any(o.output_type == "error" for o in cell.get("outputs", [])))
        failure = explain(failed, error)
    except AssertionError:  # nbclient's own way to stop while the kernel starts
        raise KeyboardInterrupt from None
    except DeadKernelError:  # so nbclient calls a cancelled run, too
        if stopped:
            raise KeyboardInterrupt from None
        failure = f"the kernel died in code cell {done + 1} of {total}"
    return notebook, failure


def explain(cell, error):
    """What a reader needs to mend a failed cell: its code and the error as the kernel told it."""
    output = next(o for o in cell.outputs if o.output_type == "error")
    trace = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
    trace = re.sub(r"\x1b\[[0-9;]*m", "", trace)
    code = "\n".join("    " + line for line in cell.source.splitlines())
    return f"code cell {cell.execution_count or '?'} failed:\n{code}\n{trace}"


def normalise(notebook):
    """The notebook as it is committed: this machine's paths and the run's own metadata left out."""
    clean = json.loads(nbformat.writes(notebook).replace(str(ROOT), "."))
    clean["metadata"].pop("widgets", None)
    for cell in clean["cells"]:
        cell["metadata"].pop("execution", None)
    return json.dumps(clean, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(path, text):
    """Writes beside the target and renames, so that nobody reads half a file."""
    half = path.with_name(path.name + ".tmp")
    half.write_text(text, encoding="utf-8")
    os.replace(half, path)


def moved(notebook):
    """A copy for artifacts/tutorial/, one folder deeper than notebooks/: links to the repository's files go one up more."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r'(\]\(|(?:src|href)=")\.\./', r"\1../../", cell.source)
    return copy


def page(notebook, title):
    """One HTML page that needs no script to be read: only formulas are drawn by one, MathJax. Chapters link to pages."""
    exporter = HTMLExporter(require_js_url="", jquery_url="")
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    html = re.sub(r'<script src=""></script>\n?', "", html)
    return re.sub(r'(href="[^":/]+)\.ipynb', r"\1.html", html)


def run(path, save):
    say(f"{path.stem}: running …", end="\r" if sys.stderr.isatty() else "\n")
    started = time.monotonic()
    notebook, failure = execute(path)
    seconds = round(time.monotonic() - started, 1)
    executed, html = OUT / path.name, OUT / f"{path.stem}.html"
    write(executed, normalise(moved(notebook)))
    write(html, page(moved(notebook), path.stem))
    if failure is None:
        say(f"{path.stem}: done in {seconds:.0f} s\033[K" if sys.stderr.isatty() else f"{path.stem}: done in {seconds:.0f} s")
        if save:
            write(path, normalise(notebook))
    else:
        say(f"{path.stem}: {failure}")
    result = {"name": path.stem, "seconds": seconds, "cells": sum(c.cell_type == "code" for c in notebook.cells)}
    result |= {"error": failure, "executed": relative(executed), "page": relative(html)}
    return result


def relative(path):
    return os.path.relpath(path, ROOT)


def main():
    parser = argparse.ArgumentParser(prog="kit tutorial", description="Run the notebooks with real training.")
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="which ones, by name or its start, or all (default: the first)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--quick", action="store_true", help="train only enough to prove that every cell runs")
    parser.add_argument("--save", action="store_true", help="also write the outputs back into notebooks/")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)

    if options.quick and options.save:
        return bad_input("--quick and --save exclude each other: what is committed comes from a full run.")
    os.environ["KIT_QUICK"] = "1" if options.quick else "0"
    chosen = find(options.notebooks)
    if not chosen:
        return bad_input("notebooks/ holds no notebook.")
    OUT.mkdir(parents=True, exist_ok=True)
    results = [run(path, options.save) for path in chosen]
    failed = [result["name"] for result in results if result["error"]]
    if options.json:
        seconds = round(sum(result["seconds"] for result in results), 1)
        print(json.dumps({"out": relative(OUT), "seconds": seconds, "notebooks": results}, ensure_ascii=False, indent=1))
    else:
        print(f"{len(results) - len(failed)} of {len(results)} notebooks ran; the executed notebooks and their pages:")
        for result in results:
            print(f"  {result['page']}{'   (stopped at an error)' if result['error'] else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; finished notebooks are kept.")
        sys.exit(1)

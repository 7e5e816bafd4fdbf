"""A learner in a real kernel: runs cells by id, and reads what they show."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FIRST = """
import asyncio, os, signal, threading
import ipywidgets
from patterns.lab import background, failures, keep, on_click, open_lesson, servers
open_lesson("lesson")
"""

SERVE = """
from patterns.wire.listen import listen
async def hello(reader, writer):
    writer.write(b"hello")
async def ask(server):
    reader, writer = await asyncio.open_connection(*server.address)
    answer = await reader.read()
    writer.close()
    return answer
server = await keep("hello", listen(hello))
"""

INTERRUPT = "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"


class Learner:
    """Runs cells by id in one kernel, and reads what they show."""

    def __init__(self, client: NotebookClient) -> None:
        self.client = client
        self.number = {cell.id: number for number, cell in enumerate(client.nb.cells)}

    def run(self, *names: str) -> str:
        """Run these cells; the text of the last one's outputs: streams, results, and errors as Name: text."""
        for name in names:
            cell = self.client.nb.cells[self.number[name]]
            self.client.execute_cell(cell, self.number[name])
        return "".join(self.text(output) for output in cell.outputs)

    def text(self, output: Any) -> str:
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}\n"
        if output.output_type == "stream":
            return str(output.text)
        view = output.data.get("application/vnd.jupyter.widget-view+json")
        return self.html(view["model_id"]) if view else str(output.data.get("text/html", output.data["text/plain"]))

    def html(self, model_id: str) -> str:
        """All that the HTML widgets below this one show."""
        state = self.client.widget_state[model_id]
        return str(state.get("value", "")) + "".join(
            self.html(child.removeprefix("IPY_MODEL_")) for child in state.get("children", [])
        )


@contextlib.contextmanager
def learner(folder: Path, **cells: str) -> Iterator[Learner]:
    """A notebook of these cells, by id, with the first cell before them, each under a heading of its id."""
    notebook = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}})
    for name, source in {"first": FIRST, "serve": SERVE, **cells}.items():
        notebook.cells.append(new_markdown_cell(f"## About {name}"))
        notebook.cells.append(new_code_cell(source.strip("\n"), id=name))
    nbformat.write(notebook, folder / "lesson.ipynb")
    client = NotebookClient(
        notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": str(folder)}}, iopub_timeout=10
    )
    with client.setup_kernel():
        yield Learner(client)

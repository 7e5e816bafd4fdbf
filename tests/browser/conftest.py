"""A real browser on a real JupyterLab, started as `make lab` starts it, on a copy of the notebooks."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import chromium
import pytest
from lab_page import LabPage
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240  # for JupyterLab's start on a busy machine

# Root in a container has no sandbox; the rest keeps Chromium from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


# Not for the session: while Playwright runs, no other event loop can run in the process.
@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    """One window, for one notebook after the other, as learners have: JupyterLab's own code is loaded once."""
    if chromium.declined():
        pytest.skip("BROWSER=no: no test in a real browser")
    path = chromium.find()
    assert path, "no Chromium: make test installs one; or name one: CHROMIUM=/path/to/chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched.new_page(viewport={"width": 1280, "height": 900})
        launched.close()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and token."""
    home = tmp_path_factory.mktemp("home")
    for folder in ("notebooks", "exercises"):
        shutil.copytree(ROOT / folder, home / "course" / folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    log = home / "jupyterlab.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, ROOT / "setup/lab.py", "--no-browser", f"--port={port}"),
                f"--root={home / 'course'}",
                "--LabApp.expose_app_in_browser=True",  # window.jupyterapp, by which the page is driven
            ],
            # Nobody's own settings, workspaces or kernels.
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
                "HOME": str(home),
                "IPYTHONDIR": str(home / "ipython"),
                "JUPYTER_TOKEN": token,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        give_up = time.monotonic() + PATIENCE_S
        while "JupyterLab is ready" not in log.read_text():
            assert process.poll() is None, f"JupyterLab stopped:\n{log.read_text()}"
            assert time.monotonic() < give_up, f"JupyterLab is not ready:\n{log.read_text()}"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", token
    finally:
        process.send_signal(signal.SIGTERM)  # kernels are shut down; SIGINT would do the same, by a question
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def lab(window: Page, jupyterlab: tuple[str, str]) -> Iterator[Callable[[str], LabPage]]:
    """`lab("01_request_response")` opens that notebook, `lab("exercises/01_framing")` that one, and closes the last."""
    opened: list[LabPage] = []

    def open_notebook(name: str) -> LabPage:
        if opened:
            opened[-1].shut_down()
        opened.append(LabPage(window, *jupyterlab, name))
        return opened[-1]

    yield open_notebook
    try:
        if opened:
            opened[-1].shut_down()
    except BaseException:
        window.goto("about:blank")  # whatever stands in its way shall not stand in the next one's
        raise
    assert not [error for page in opened for error in page.errors]

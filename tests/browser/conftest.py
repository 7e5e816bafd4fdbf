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
from playwright.sync_api import BrowserContext, sync_playwright

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
def browser() -> Iterator[BrowserContext]:
    """One profile for several notebooks, as learners have: JupyterLab's own code is loaded and compiled once."""
    if chromium.declined():
        pytest.skip("BROWSER=no: no test in a real browser")
    path = chromium.find()
    assert path, "no Chromium: make test installs one; or name one: CHROMIUM=/path/to/chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched.new_context(viewport={"width": 1280, "height": 900})
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
def lab(browser: BrowserContext, jupyterlab: tuple[str, str]) -> Iterator[Callable[[str], LabPage]]:
    """`lab("01_request_response")` opens that notebook, `lab("exercises/01_framing")` that one."""
    opened = []

    def open_notebook(name: str) -> LabPage:
        page = LabPage(browser.new_page(), *jupyterlab, name)
        opened.append(page)
        return page

    yield open_notebook
    for page in opened:
        page.shut_down()
        page.page.close()
    assert not [error for page in opened for error in page.errors]

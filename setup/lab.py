"""Open JupyterLab on the course's first page; what follows the known options is JupyterLab's own.

    .venv/bin/python setup/lab.py [--port 8888] [--root .] [--no-browser] [--ServerApp.…=…]

JupyterLab listens on this machine only, behind a token; it asks for no news and no updates, keeps its log to
errors, and stops on one Ctrl-C. The address is printed once it answers, and opened in a browser where there
is a screen to open one on. The browser tests start JupyterLab with this very script.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
FIRST_PAGE = "/lab/tree/notebooks/00_start_here.ipynb"
SETTINGS = Path(__file__).with_name("jupyterlab_settings.json")

OPTIONS = [
    f"--ServerApp.ip={HOST}",
    "--ServerApp.port_retries=0",
    "--ServerApp.open_browser=False",
    "--ServerApp.answer_yes=True",
    "--ServerApp.allow_root=True",
    "--Application.log_level=ERROR",
    f"--LabApp.default_url={FIRST_PAGE}",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]


def is_busy(port: int) -> bool:
    """Whether something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def has_screen() -> bool:
    """Whether a browser can be opened here; on a headless machine `webbrowser` might find a text browser."""
    if os.environ.get("BROWSER") == "no":
        return False
    graphical = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")
    return sys.platform == "darwin" or any(os.environ.get(name) for name in graphical)


def announce(url: str, token: str, *, opening: bool) -> None:
    """Wait until JupyterLab answers to this token, then say where it is."""
    while True:
        time.sleep(0.1)
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/api/status?token={token}", timeout=1).close()
            break
    page = f"{url}{FIRST_PAGE}?token={token}"
    print(f"\n  JupyterLab is ready: {page}\n  Ctrl-C here stops it, with every kernel.\n", flush=True)
    if opening:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(page)


def main() -> None:
    """Run JupyterLab in this process until it is stopped."""
    arguments = argparse.ArgumentParser(description="Open the course in JupyterLab.")
    arguments.add_argument("--port", type=int, default=8888)
    arguments.add_argument("--root", type=Path, default=ROOT, help="the folder that the file browser shows")
    arguments.add_argument("--no-browser", action="store_true", help="only print the address")
    said, jupyters_own = arguments.parse_known_args()
    if is_busy(said.port):
        another = f"make lab PORT={said.port + 1}"
        sys.exit(f"Port {said.port} is busy: stop what listens there, or choose another: {another}.")

    # The course's defaults; what the learner sets in JupyterLab's own settings wins over them.
    defaults = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings" / "overrides.d" / "course.json"
    defaults.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SETTINGS, defaults)

    token = os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(16))  # an argument would show in `ps`
    print("Starting JupyterLab ...", flush=True)
    threading.Thread(
        target=announce,
        args=(f"http://{HOST}:{said.port}", token),
        kwargs={"opening": has_screen() and not said.no_browser},
        daemon=True,
    ).start()

    from jupyterlab.labapp import LabApp  # a second's work: not before the port is known to be free

    here = [f"--ServerApp.port={said.port}", f"--ServerApp.root_dir={said.root}"]
    LabApp.launch_instance([*OPTIONS, *here, *jupyters_own])


if __name__ == "__main__":
    main()

"""Find a Chromium for the browser tests, or install one; say which, or in one line why not, and fail.

    .venv/bin/python setup/chromium.py

The variable CHROMIUM names one; else a Chromium or Chrome of this machine is taken, or Playwright's own.
Where there is none it is installed: by apt as root, else by Playwright. BROWSER=no, in so many words, does
without, but not with CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def declined() -> bool:
    """Whether the browser tests are declined, in so many words. CI may not."""
    return os.environ.get("BROWSER") == "no" and os.environ.get("CI") != "true"


def runs(path: str) -> bool:
    """Whether the program there says its version; Ubuntu's chromium-browser may only advertise a snap."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def playwrights_own() -> str:
    """Where Playwright keeps its Chromium, there or not."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def find() -> str | None:
    """Path of a Chromium that runs, or None. The one that CHROMIUM names, or none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if runs(named) else None
    found = [path for path in map(shutil.which, COMMANDS) if path]
    return next((path for path in (*found, *MACOS) if runs(path)), None) or next(
        (path for path in [playwrights_own()] if runs(path)), None
    )


def install() -> None:
    """Install Chromium; what the installers print goes to stderr, and `find` tells whether they succeeded."""
    playwright = [sys.executable, "-m", "playwright", "install"]
    if os.geteuid() != 0:
        subprocess.run([*playwright, "chromium"], stdout=sys.stderr, check=False)
        return
    if shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *command], stdout=sys.stderr, env=quiet, check=False)
    if find() is None:
        subprocess.run([*playwright, "--with-deps", "chromium"], stdout=sys.stderr, check=False)


def main() -> None:
    """Print the path of a Chromium that runs, after installing it where need be."""
    if declined():
        print("BROWSER=no: no test in a real browser.")
        return
    path = find()
    named = os.environ.get("CHROMIUM")
    if path is None and named:
        sys.exit(f"CHROMIUM={named} is not a browser that runs: name one that does, or leave CHROMIUM out.")
    if path is None:
        print("No Chromium here: installing it for the browser tests ...", flush=True)
        install()
        path = find()
    if path is None:
        sys.exit(
            "No Chromium, and none could be installed: install it, or name one: CHROMIUM=/path/to/chromium; "
            "or do without the browser tests: BROWSER=no."
        )
    print(f"The browser tests use {path}.")


if __name__ == "__main__":
    main()

"""Install a lock file's packages, and on request the course itself, into the Python that runs this.

    .venv/bin/python setup/install.py requirements.lock [--with-course]

uv installs in five seconds what takes pip a minute, so pip installs uv first, by hash. Where uv has no build
for a machine, or refuses, pip does the whole work. uv does not read pip's configuration (a mirror, a
company's certificate), so it is handed on in uv's own words. Everything the two print goes to setup.log in
the environment's folder; a step says one line, and so does a failure.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOG = Path(sys.prefix) / "setup.log"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries=1"]
UV = [sys.executable, "-m", "uv", "--no-config", "pip"]

# pip's name of a setting, and uv's: the variable, and what stands between two values.
UVS_WORDS = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
OLD_WORDS = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}

# What pip and uv print when nobody answered, or a proxy did.
NO_NETWORK = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Connection refused",
    "name resolution",
    "dns error",
    "error sending request",
    "client error (Connect)",
)


def ran(command: list[str], **environment: str) -> bool:
    """Run `command` with its output in the log; whether it succeeded."""
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            check=False,
        )
    return done.returncode == 0


def pips_configuration() -> dict[str, str]:
    """What `pip config list` says: the environment before the section `install`, that before `global`."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False).stdout
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        key, equals, value = line.partition("=")
        section, dot, name = key.partition(".")
        if equals and dot and section in sections:
            sections[section][name] = str(ast.literal_eval(value))
    return {**sections["global"], **sections["install"], **sections[":env:"]}


def uvs_configuration() -> dict[str, str]:
    """pip's configuration as uv's variables; one that is already set is left as it is."""
    said = {}
    for name, value in pips_configuration().items():
        variable, between = UVS_WORDS.get(name, ("", ""))
        if variable and not os.environ.get(variable) and not os.environ.get(OLD_WORDS.get(variable, "")):
            said[variable] = between.join(value.split())
    # Every file is held against its hash, so it does not matter which index has it.
    return {**said, "UV_INDEX_STRATEGY": "unsafe-best-match"}


def fail(what: str) -> None:
    """Stop with one line: that nobody answered, if the log says so, else `what`."""
    if any(sign in LOG.read_text(errors="replace") for sign in NO_NETWORK):
        what = (
            "No package index answered: check the network, or pip's configuration (pip config list), "
            "then run the same command again"
        )
    sys.exit(f"{what}. What pip and uv said: {LOG}")


def install(lock: Path) -> str:
    """Install what `lock` names, by hash; the name of the installer that did it."""
    with_hashes = ["install", "--require-hashes", "--requirement"]
    if importlib.util.find_spec("pip") is None:  # an environment that uv made has none
        ran([sys.executable, "-m", "ensurepip"])
    if ran([*PIP, *with_hashes, str(HERE / "installer.lock")]):
        # Byte code now, on every core: or each first start compiles, and every one under PYTHONDONTWRITEBYTECODE.
        if ran([*UV, *with_hashes, str(lock), "--compile-bytecode"], VIRTUAL_ENV=sys.prefix, **uvs_configuration()):
            return "uv"
    elif any(sign in LOG.read_text(errors="replace") for sign in NO_NETWORK):
        fail("pip could not fetch uv")
    if not ran([*PIP, *with_hashes, str(lock)]):
        fail(f"The packages of {lock} could not be installed")
    return "pip"


def main() -> None:
    """Install the lock named first; `--with-course`: the course too, such that edits to it count at once."""
    lock, *options = sys.argv[1:]
    LOG.write_bytes(b"")
    packages = sum(not line.startswith((" ", "#")) for line in Path(lock).read_text().splitlines())
    print(f"Installing {packages} packages from {lock} into {sys.prefix} ...", flush=True)
    started = time.monotonic()
    installer = install(Path(lock))
    # No isolation: the lock brings the build backend, so nothing is fetched that it does not name.
    course = ["install", "--no-deps", "--no-build-isolation", "--editable", str(HERE.parent)]
    if "--with-course" in options and not ran([*PIP, *course]):
        fail("The course itself could not be installed")
    print(f"Installed by {installer} in {time.monotonic() - started:.0f} s.", flush=True)


if __name__ == "__main__":
    main()

"""Finds a Chromium for the browser tests, or installs one: run as a program by `make test`, which tells what it did."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
MISSING = (
    "The browser tests are skipped: there is no Chromium here and none could be installed. "
    "Install chromium, Chrome or Edge, or run `python -m playwright install chromium`."
)
# Nothing of the browser's own may reach out: the tests talk to loopback alone.
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]


def find() -> str | None:
    """The path of a browser of the machine's, else of one that playwright has downloaded."""
    named = next((path for name in NAMES if (path := shutil.which(name))), None)
    return named or _downloaded()


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Tries the system's packages, where that is allowed, then playwright's own download; tells nothing of failures."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands[:0] = [["apt-get", "update"], ["apt-get", "install", "-y", "chromium"]]
    for command in commands:
        if find() is None:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603


def main() -> None:
    if find() is None:
        print("Installing Chromium for the browser tests…", file=sys.stderr)  # noqa: T201
        install()
    if find() is None:
        print(MISSING, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()

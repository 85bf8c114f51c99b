"""Install the peers that the bench can measure into bench/.work. Needs nothing but Python, and npm for Portkey."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

WORK = Path(__file__).parent / ".work"
PORTKEY = "@portkey-ai/gateway@1.15.2"
# Portkey takes any 1.x of it, and with the newest answers every stream with 500.
NODE_SERVER = "@hono/node-server@1.8.2"
TENSORZERO = "tensorzero==2026.6.0"


def portkey() -> str | None:
    """Install Portkey's gateway; why not, if it cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--legacy-peer-deps"]
    return _run([npm, "install", "--prefix", str(WORK), *flags, PORTKEY, NODE_SERVER])


def tensorzero() -> str | None:
    """Install TensorZero's package, which holds its gateway; why not, if it cannot be had."""
    home = WORK / "peers-venv"
    if not (home / "bin" / "python").exists():
        venv.create(home, with_pip=True)
    flags = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    return _run([str(home / "bin" / "python"), "-m", "pip", "install", *flags, TENSORZERO])


def _run(argv: list[str]) -> str | None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr or done.stdout).strip()[-400:]


def main(names: Sequence[str]) -> int:
    """Install those named, or both, and say what came of it."""
    WORK.mkdir(parents=True, exist_ok=True)
    failed = False
    for name, install in (("Portkey", portkey), ("TensorZero", tensorzero)):
        if names and name.lower() not in names:
            continue
        why = install()
        failed |= why is not None
        print(f"{name}: {'installed' if why is None else 'not installed: ' + why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

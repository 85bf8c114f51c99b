"""Install the peers of the bench and of the wall into bench/.work. Needs nothing but Python, and npm for Portkey."""

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
LITELLM = "litellm[proxy]==1.106.2"
LITELLM_HOME = WORK / "litellm-venv"


def portkey() -> str | None:
    """Install Portkey's gateway; why not, if it cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--legacy-peer-deps"]
    return _run([npm, "install", "--prefix", str(WORK), *flags, PORTKEY, NODE_SERVER])


def tensorzero() -> str | None:
    """Install TensorZero's package, which holds its gateway; why not, if it cannot be had."""
    return _pip(WORK / "peers-venv", TENSORZERO)


def litellm() -> str | None:
    """Install LiteLLM and its proxy; why not, if they cannot be had."""
    return _pip(LITELLM_HOME, LITELLM)


def _pip(home: Path, package: str) -> str | None:
    if not (home / "bin" / "python").exists():
        venv.create(home, with_pip=True)
    flags = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    return _run([str(home / "bin" / "python"), "-m", "pip", "install", *flags, package])


def _run(argv: list[str]) -> str | None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr or done.stdout).strip()[-400:]


def main(names: Sequence[str]) -> int:
    """Install those named, or those of the bench, and say what came of it."""
    WORK.mkdir(parents=True, exist_ok=True)
    failed = False
    for name, install in (("Portkey", portkey), ("TensorZero", tensorzero), ("LiteLLM", litellm)):
        if name.lower() not in (names or ("portkey", "tensorzero")):
            continue
        why = install()
        failed |= why is not None
        print(f"{name}: {'installed' if why is None else 'not installed: ' + why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

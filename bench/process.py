"""A process of the bench: pinned to a core, its CPU time and memory read from the kernel, ended by its own id."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from signal import SIGTERM

from bench.work import ROOT

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1024 * 1024


class Process:
    """A started program and whatever it starts itself."""

    def __init__(self, argv: Sequence[str], *, core: int, env: dict[str, str], log: Path) -> None:
        self.log = log
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})  # inherited, so no thread ever runs elsewhere
        try:
            with log.open("wb") as out:
                self.started = time.perf_counter()
                self._popen = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        finally:
            os.sched_setaffinity(0, before)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def ended(self) -> bool:
        return self._popen.poll() is not None

    def cpu(self) -> float:
        """User and system seconds so far, of the whole tree."""
        return sum(_cpu_seconds(pid) for pid in _tree(self.pid))

    def rss(self) -> float:
        """Resident MiB now, of the whole tree."""
        return sum(_resident(pid) for pid in _tree(self.pid)) / MIB

    def stop(self, grace: float = 10.0, signal: int = SIGTERM) -> None:
        """End it as an operator would, and after `grace` seconds for certain."""
        if self.ended:
            return
        self._popen.send_signal(signal)
        try:
            self._popen.wait(grace)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def last_words(self, lines: int = 3) -> str:
        """The end of its log, for a note on why it could not be measured."""
        text = self.log.read_text(errors="replace").strip().splitlines()
        return " / ".join(line.strip().replace(f"{ROOT}/", "") for line in text[-lines:])


def _tree(root: int) -> list[int]:
    parents = {int(p.name): _parent(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
    tree = [root]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return tree


def _parent(proc: Path) -> int:
    try:
        return int((proc / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _cpu_seconds(pid: int) -> float:
    """What `utime + stime` of /proc/PID/stat say, but to the nanosecond: the clock of clock_getcpuclockid(3)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0

"""Where the bench keeps its things, what it compiles, and what machine it runs on."""

import os
import platform
import resource
import shutil
import socket
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
WORK = HERE / ".work"

_ALLOWED = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SUBJECT_CORE, LOAD_CORE, CORES = _ALLOWED[0], _ALLOWED[-1], os.cpu_count() or 1


def missing() -> list[str]:
    """What has to be installed before anything can be measured."""
    if platform.system() != "Linux":
        return ["Linux (epoll, CPU affinity, /proc)"]
    return [tool for tool in ("cc", "wrk", "nginx") if shutil.which(tool) is None]


def build(to: Path = WORK) -> None:
    """Compile the mock and the two generators into `to`."""
    to.mkdir(parents=True, exist_ok=True)
    for name in ("mock", "calls", "streams"):
        source, binary = HERE / f"{name}.c", to / name
        newest = max(file.stat().st_mtime for file in (source, *HERE.glob("*.h")))
        if not binary.exists() or binary.stat().st_mtime < newest:
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", binary, source], check=True)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def subject_env(**more: str) -> dict[str, str]:
    """An environment that is the same for everyone: no provider keys, no proxies, byte-code on."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return {**kept, "HOME": str(WORK), **more}


def machine() -> str:
    """The machine in one line."""
    cpu = next((line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return f"{cpu or platform.machine()}, {len(_ALLOWED)} cores, Linux {platform.release().partition('-')[0]}"


def others_seconds() -> float:
    """CPU seconds that programs other than the bench and what it has ended took, since some time in the past."""
    user, nice, system, _, _, irq, softirq = (int(ticks) for ticks in _lines("/proc/stat")[0].split()[1:8])
    busy = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    ours = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return busy - sum(usage.ru_utime + usage.ru_stime for usage in ours)


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []

"""What `ai doctor` finds on this machine, without any network."""

import os
import resource
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from fairlead import app
from fairlead.config.env_files import EnvFile, Environ, open_to_others
from fairlead.config.schema import Config
from fairlead.errors import ConfigError
from fairlead.local import weights
from fairlead.providers.portkey import NOTHING, VENDORS, Portkey, is_slug, is_written_out
from fairlead.routing.notes import doubts
from fairlead.routing.plan import keyed
from fairlead.routing.policy import Policy

_FILES = 1024
_ROOM = 300 * 1000 * 1000


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `remedy` says what to do where it is not ok."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str | None = None


def machine() -> list[Check]:
    """Python, and how many files a process may have open."""
    version = ".".join(map(str, sys.version_info[:3]))
    new_enough = sys.version_info >= (3, 11)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    plenty = files == resource.RLIM_INFINITY or files >= _FILES
    return [
        Check("python", "ok", version) if new_enough else Check("python", "fail", version, "use Python 3.11 or newer"),
        Check("open files", "ok", "no limit" if files == resource.RLIM_INFINITY else f"up to {files}")
        if plenty
        else Check("open files", "warn", f"up to {files}: too few for many calls at once", f"`ulimit -n {_FILES}`"),
    ]


def configuration(files: tuple[Path, ...], config: Config, environ: Mapping[str, str]) -> Check:
    """What was read, and whether it may be served."""
    try:
        app.check_exposure(config, environ)
    except ConfigError as error:
        return Check("config", "fail", error.message, error.hint)
    return Check("config", "ok", ", ".join(map(str, files)) or "no file; the environment and the defaults")


def env_files(environ: Environ) -> list[Check]:
    """What the predecessor's env files set, and what is wrong with them."""
    return [check for file in environ.files for check in _env_file(file, environ)]


def _env_file(file: EnvFile, environ: Environ) -> Iterator[Check]:
    name = f"env file {file.name}"
    for warning in file.warnings:
        yield Check(name, "warn", warning, "write `export NAME=value` there, or set the variable in the environment")
    if open_to_others(file):
        yield Check(name, "warn", "others on this machine may read the keys in it", f"`chmod 600 {file.name}`")
    held = [variable for variable in file.sets if variable in environ.own]
    over = f"; the environment's {', '.join(held)} wins" if held else ""
    if sets := [variable for variable in file.sets if variable not in environ.own]:
        yield Check(name, "ok", f"sets {', '.join(sets)}{over}")
    elif held:
        yield Check(name, "ok", f"sets nothing{over}")


def data(folder: Path) -> Check:
    """Whether weights and records can be kept."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    name = "data directory"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        remedy = "make it writable, or name another as `data_dir` or FAIRLEAD_DATA_DIR"
        return Check(name, "fail", f"{folder} cannot be written to", remedy)
    free = shutil.disk_usage(there).free
    if free < _ROOM:
        return Check(name, "warn", f"{folder} has {free // 1_000_000} MB left", f"free {_ROOM // 1_000_000} MB there")
    return Check(name, "ok", f"{folder}{'' if there == folder else ' (made when needed)'}")


def local_model(folder: Path, policy: Policy) -> Check:
    """Whether the small model could answer, and whether that matters."""
    file = weights.installed(folder)
    runs = find_spec("xllamacpp") is not None
    if file and runs:
        return Check("local model", "ok", str(file))
    missing = "its weights are not here" if runs else "its runtime `xllamacpp` is not installed"
    if keyed(policy):
        return Check("local model", "ok", f"{missing}; it is not needed while a provider has a key")
    remedy = "`ai models pull`" if runs else "install `fairlead[local]`"
    return Check("local model", "warn", f"{missing}, so `echo` answers while no provider has a key", remedy)


def allowed(policy: Policy) -> list[Check]:
    """Lists of allowed models, and the names in them that mean nothing."""
    doubtful = [Check("allowed models", "warn", doubt, "see `ai models` for the names") for doubt in doubts(policy)]
    limited = [p for p in policy.providers.values() if p.allowed and p.configured]
    return [
        *(Check(f"allowed at {p.name}", "ok", f"{', '.join(sorted(p.allowed))} ({p.allowed_by})") for p in limited),
        *doubtful,
    ]


def portkey(policy: Policy) -> list[Check]:
    """For each vendor, what carries its calls through Portkey, and what that wins over."""
    if not any(p.api_key and p.serves == "relayed" for p in policy.providers.values()):
        return []
    if not policy.portkey:
        return [Check("portkey", "warn", NOTHING, "set `PORTKEY_CONFIG_OPENAI` and its like, or `PORTKEY_VIRTUAL_KEY`")]
    known = [vendor.name for vendor in VENDORS]
    spelled = {name for vendor in VENDORS for name in vendor.spellings}
    others = [name for name in policy.portkey.keys if name not in spelled]
    told = [_carried(policy.portkey, vendor) for vendor in (*known, *others)]
    return [check for check in told if check is not None]


def _carried(held: Portkey, vendor: str) -> Check | None:
    config, keys = held.config_for("", vendor), held.keys_for(vendor)
    own = [key for key in keys if key is not held.fallback]
    if config is not None and not is_slug(config) and not is_written_out(config):
        wrong = "its config is neither an id nor a JSON object"
        return Check(f"portkey for {vendor}", "fail", wrong, "give the id of one (`pc-...`), or one as JSON")
    if config is None and not own and (held.fallback is None or vendor not in _EVERYBODYS):
        return None
    shown = config if config and is_slug(config) else "(written out)"
    ways = [*([f"config `{shown}`"] if config else []), *(f"virtual key {key.shown}" for key in keys)]
    over = f"; it wins over {', '.join(ways[1:])}" if len(ways) > 1 else ""
    return Check(f"portkey for {vendor}", "ok", f"{ways[0]}{over}")


# Of vendors that have nothing of their own, these are told what the fallback does.
_EVERYBODYS = ("openai", "anthropic", "google", "meta", "mistral")

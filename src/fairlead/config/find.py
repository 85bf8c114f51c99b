"""Where configuration files are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairlead.config.check import nearest

FILE_NAME = "fairlead.yaml"
COMMAND_LINE = "the command line"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: its path, its name in messages, and who named it (nobody: it was found)."""

    path: Path
    name: str
    named_by: str | None = None


def config_file(path: str | None, environ: Mapping[str, str], cwd: Path) -> Source | None:
    """The configuration file: `path`, else FAIRLEAD_CONFIG, else the first that is there. A named one must exist."""
    for value, by in ((path, COMMAND_LINE), (environ.get("FAIRLEAD_CONFIG"), "FAIRLEAD_CONFIG")):
        if value:
            return Source(cwd / expand(value, environ), value, by)
    if (cwd / FILE_NAME).is_file():
        return Source(cwd / FILE_NAME, FILE_NAME)
    folder = user_folder(environ)
    if folder and (folder / FILE_NAME).is_file():
        return Source(folder / FILE_NAME, str(folder / FILE_NAME))
    return None


def missing(source: Source, environ: Mapping[str, str]) -> str:
    """What to do where a file that is named is not there."""
    near = nearest(source.path.name, (file.name for file in source.path.parent.glob("*.y*ml")))
    if near:
        return f"{source.named_by} names it; {near}"
    if source.named_by not in (COMMAND_LINE, "FAIRLEAD_CONFIG"):
        return f"{source.named_by} names it"
    folder = user_folder(environ)
    looked = f"`{FILE_NAME}` is looked for here" + (f" and in {folder}" if folder else "")
    return (
        f"{source.named_by} names it; make it (`ai config schema` tells what may stand in it), or leave it out: "
        f"{looked}, and none is needed"
    )


def within(source: Source) -> str:
    """What to do where a folder is named in a file's place."""
    name = "models.yaml" if source.named_by == "MODEL_CONFIG_PATH" else FILE_NAME
    if (source.path / name).is_file():
        return f"did you mean `{Path(source.name) / name}`?"
    return f"{source.named_by} names it; name a file in it"


def user_folder(environ: Mapping[str, str]) -> Path | None:
    """The user's folder for Fairlead's configuration, by the XDG rule: a path that is not absolute is ignored."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if base.startswith("/"):
        return Path(base) / "fairlead"
    home = environ.get("HOME")
    return Path(home) / ".config" / "fairlead" if home else None


def expand(path: str, environ: Mapping[str, str]) -> Path:
    """The path with `~`, `$HOME` or `${HOME}` at its beginning replaced, for values that no shell has seen."""
    home = environ.get("HOME")
    for mark in ("~", "$HOME", "${HOME}"):
        if home and (path == mark or path.startswith(f"{mark}/")):
            return Path(home + path.removeprefix(mark))
    return Path(path)

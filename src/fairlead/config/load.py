"""From files and the environment to one checked `Config`.

Each layer is laid over the one before: shipped profile, models.yaml, fairlead.yaml, environment, flags. What none of
them says is a default. Loading changes nothing and remembers nothing, so that a reload is another call.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from fairlead.config import environment, llm_models, models_yaml
from fairlead.config.check import check
from fairlead.config.env_files import Environ
from fairlead.config.find import Source, config_file, missing, within
from fairlead.config.legacy import with_legacy
from fairlead.config.names import check_names, drop_misplaced_intents
from fairlead.config.portkey_objects.files import with_configs
from fairlead.config.read import read
from fairlead.config.schema import Config
from fairlead.config.tree import Listing, Node, Place, Plain, Section, child, merged, planted
from fairlead.errors import ConfigError, Problem
from fairlead.providers.catalog import load_rows
from fairlead.providers.portkey import is_slug

_PROFILES = Path(__file__).with_name("profiles")
# A header may hold a key under any name, so none is shown; nor is a config of Portkey's that is written out.
_SECRET = re.compile(r"^providers\..*\.(api_key|headers\..*)$|^portkey\.(virtual_keys\.|admin_key$)|^(database|redis)$")
_WRITTEN_OUT = re.compile(r"^portkey\.configs\.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where it came from.

    `settings` has, in the schema's order, the path of every setting, its value (a secret is `***`) and what set it:
    "FILE:LINE", "environment NAME", "flag --NAME", "profile NAME:LINE" or "default". `files` are those that were read,
    and the env files.
    """

    config: Config = field(repr=False)
    settings: tuple[tuple[str, Any, str], ...] = field(repr=False)
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def origins(self) -> dict[str, str]:
        """What set each setting, by its path."""
        return {path: origin for path, _, origin in self.settings}


def load(path: str | None, environ: Mapping[str, str], cwd: Path, flags: Mapping[str, Plain] | None = None) -> Loaded:
    """The configuration. `path` is what `--config` names, `flags` what else the command line sets, by dotted path.

    Raises `ConfigError` with every problem there is.
    """
    problems: list[Problem] = []
    rows = load_rows()
    sources = [config_file(path, environ, cwd), models_yaml.models_file(environ, cwd)]
    own, models = (_read(source, environ, problems) for source in sources)
    own = drop_misplaced_intents(own, problems)
    own = merged(merged(own, environment.overrides(environ)), _flags(flags or {}))
    profile = _profile(own)
    shipped = _shipped(profile, problems)
    tree = merged(shipped, models_yaml.translate(models, rows, problems))
    folder = sources[0].path.parent if sources[0] is not None else None
    sources.append(llm_models.llm_models_file(own, environ, folder or cwd))
    tree = merged(tree, llm_models.only_models(_read(sources[-1], environ, problems), problems))
    tree = merged(tree, own)
    tree, unused = with_configs(tree, folder, environ, rows, problems)
    values = check(tree, Config, problems)
    check_names(tree, rows, problems)
    _refuse(problems)
    config = with_legacy(msgspec.convert(values, Config))
    return Loaded(
        config,
        tuple(_settings(msgspec.to_builtins(config), tree)),
        (*(source.path for source in sources if source), *_env_files(environ)),
        (*environment.ignored(environ, config.ignored_environment, profile), *map(_unused, unused)),
    )


def _unused(place: Place) -> str:
    return f"{place.origin}: {place.path} is accepted, and not acted on yet"


def _env_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    return tuple(file.path for file in environ.files) if isinstance(environ, Environ) else ()


def _read(source: Source | None, environ: Mapping[str, str], problems: list[Problem]) -> Section:
    if source is None:
        return Section(Place("default"), {}, {})
    if source.named_by and not source.path.exists():
        problems.append(Problem(source.name, 0, 0, "", "no such file", missing(source, environ)))
        return Section(Place(source.name), {}, {})
    if source.path.is_dir():
        problems.append(Problem(source.name, 0, 0, "", "is a directory", within(source)))
        return Section(Place(source.name), {}, {})
    return read(source.path, source.name, environ, problems)


def _flags(flags: Mapping[str, Plain]) -> Section:
    tree = Section(Place("flag"), {}, {})
    for path, value in flags.items():
        tree = merged(tree, planted(path, value, f"flag --{path.rpartition('.')[2]}"))
    return tree


def _profile(own: Section) -> str:
    said = own.text("profile")
    return str(said.value) if said else Config().profile


def _shipped(profile: str, problems: list[Problem]) -> Section:
    """What the profile ships with; nothing for an unknown one, which the check reports."""
    path = {file.stem: file for file in _PROFILES.glob("*.yaml")}.get(profile)
    source = f"profile {profile}"
    return read(path, source, {}, problems) if path else Section(Place(source), {}, {})


def _refuse(problems: list[Problem]) -> None:
    if problems:
        found = tuple(sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.path)))
        count = "a problem" if len(found) == 1 else f"{len(found)} problems"
        raise ConfigError(f"the configuration has {count}", problems=found)


def _settings(value: Any, node: Node | None, path: str = "") -> Iterator[tuple[str, Any, str]]:
    """The settings in `value`, which is what `node` says and the defaults."""
    if isinstance(value, dict) and value:
        entries = node.entries if isinstance(node, Section) else {}
        for name, item in value.items():
            yield from _settings(item, entries.get(name), child(path, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        items = node.items if isinstance(node, Listing) else ()
        for index, (item, there) in enumerate(zip(value, items, strict=True)):
            yield from _settings(item, there, f"{path}[{index}]")
    else:
        hidden = value and (_SECRET.match(path) or (_WRITTEN_OUT.match(path) and not is_slug(value)))
        yield path, "***" if hidden else value, node.place.origin if node else "default"

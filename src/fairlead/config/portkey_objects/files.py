"""The config objects of a configuration file, and those in files of their own that it names."""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Final

from fairlead.config.check import nearest
from fairlead.config.find import expand
from fairlead.config.portkey_objects.document import Wrong, checked
from fairlead.config.read import read
from fairlead.config.tree import Place, Section, texts
from fairlead.errors import Problem

SETTING: Final = "configs"
_PORTKEYS: Final = ("azure-openai", "mistral-ai", "perplexity-ai", "stability-ai", "together-ai", "vertex-ai", "x-ai")
_VIRTUAL: Final = "or set `portkey.virtual_keys`"


def with_configs(
    tree: Section, folder: Path | None, environ: Mapping[str, str], rows: Container[str], problems: list[Problem]
) -> tuple[Section, tuple[Place, ...]]:
    """The tree with its config objects spelled one way, and what in them is accepted and not acted on yet.

    A path in `file` is relative to `folder`. What is wrong with an object is added to `problems`.
    """
    said = tree.entries.get(SETTING)
    if not isinstance(said, Section):
        return tree, ()
    entries, unused = dict(said.entries), []
    wrong = _wrong(tree, rows)
    for name, node in said.sections():
        found = checked(_opened(node, folder, environ, problems), wrong, problems)
        entries[name] = found.tree
        unused += found.unused
    _check_named(tree, said, problems)
    made = Section(said.place, entries, said.keys)
    return Section(tree.place, {**tree.entries, SETTING: made}, tree.keys), tuple(unused)


def _opened(node: Section, folder: Path | None, environ: Mapping[str, str], problems: list[Problem]) -> Section:
    """The object itself, or what stands in the file that it names."""
    file = node.text("file")
    if file is None or len(node.entries) > 1:
        return node
    path = (folder or Path()) / expand(str(file.value), environ)
    if not path.is_file():
        problems.append(file.place.problem("no such file", "a path is relative to the file that names it"))
        return Section(node.place, {}, {})
    return read(path, str(file.value), environ, problems)


def _wrong(tree: Section, rows: Container[str]) -> Wrong:
    """What is wrong with the name of a provider, or with a virtual key."""
    own = tree.under("providers").entries
    virtual = tree.under("portkey").under("virtual_keys")
    held = {*virtual.entries, *(str(value.value) for name in virtual.entries if (value := virtual.text(name)))}

    def why(member: str, value: str) -> tuple[str, str | None] | None:
        name = value.removeprefix("@")
        if name in own or name in rows or name in _PORTKEYS:
            return None
        if member == "virtual_key":
            # One of the environment is not known here; it is looked for when a call comes.
            return None if value in held or not held else ("neither a provider nor a virtual key here", _VIRTUAL)
        return f"there is no provider `{name}`", nearest(name, own) or "give it an entry under `providers`"

    return why


def _check_named(tree: Section, said: Section, problems: list[Problem]) -> None:
    """Whether the configs that other settings name are there."""
    names = [tree.entries.get("default_config")]
    names += [model.entries.get("config") for _, model in tree.under("models").sections()]
    for node in names:
        for each in texts(node):
            if each.value not in said.entries:
                hint = nearest(str(each.value), said.entries) or "give it an entry under `configs`"
                problems.append(each.place.problem(f"there is no config `{each.value}`", hint))

"""`models.yaml`, the file of Fairlead's predecessor: its `models` are intents, its `providers` are entries.

models:
  code: {primary: deepseek/deepseek-coder, fallback: anthropic/claude-3-sonnet, providers: [openrouter, aimlapi]}
providers:
  openrouter: {base_url: "https://openrouter.ai/api/v1", api_key_env: OPENROUTER_API_KEY}
"""

from collections.abc import Container, Mapping
from pathlib import Path

from fairlead.config.check import nearest
from fairlead.config.find import Source, expand
from fairlead.config.tree import Node, Section, Value
from fairlead.errors import Problem

USUAL_PATH = "~/.config/payready/models.yaml"
_SECTIONS = {"models": "intents", "providers": "providers"}


def models_file(environ: Mapping[str, str], cwd: Path) -> Source | None:
    """The file that MODEL_CONFIG_PATH names, else the one at its usual place, if there is one."""
    named = environ.get("MODEL_CONFIG_PATH", "").strip()
    if named:
        return Source(cwd / expand(named, environ), named, "MODEL_CONFIG_PATH")
    usual = expand(USUAL_PATH, environ)
    return Source(usual, USUAL_PATH) if usual.is_absolute() and usual.is_file() else None


def translate(tree: Section, shipped: Container[str], problems: list[Problem]) -> Section:
    """What the file says, in Fairlead's words. Places and paths stay those of the file."""
    strange = [name for name in tree.entries if name not in _SECTIONS]
    problems += [tree.keys[name].problem("unknown name", nearest(name, _SECTIONS)) for name in strange]
    entries: dict[str, Node] = {_SECTIONS[name]: node for name, node in tree.entries.items() if name in _SECTIONS}
    providers = tree.under("providers")
    if providers.entries:
        spoken = {name: _with_dialect(node, known=name in shipped) for name, node in providers.entries.items()}
        entries["providers"] = Section(providers.place, spoken, providers.keys)
    return Section(tree.place, entries, {_SECTIONS.get(name, name): place for name, place in tree.keys.items()})


def _with_dialect(entry: Node, *, known: bool) -> Node:
    """The file knows no dialects: whatever it names was called the OpenAI way."""
    if known or not isinstance(entry, Section) or "dialect" in entry.entries:
        return entry
    place = entry.place.inside("dialect")
    return Section(entry.place, {**entry.entries, "dialect": Value(place, "openai-chat")}, entry.keys)

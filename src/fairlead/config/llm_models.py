"""`llm_models.yaml`, a registry of models by the gateways that serve them: sections of ours, in a file of their own.

gateways:
  portkey: {priority: 1, use_for: [production, critical, real_time]}
models:
  gpt-4o: {gateway: portkey, provider: openai, use_for: [executive_insights]}
"""

from collections.abc import Mapping
from pathlib import Path

from fairlead.config.check import nearest
from fairlead.config.find import Source, expand
from fairlead.config.tree import Section
from fairlead.errors import Problem

SETTING = "llm_models_file"
_SECTIONS = ("gateways", "models")


def llm_models_file(own: Section, environ: Mapping[str, str], folder: Path) -> Source | None:
    """The file that the configuration names, in its `folder`; None where it names none."""
    said = own.text(SETTING)
    if said is None or not str(said.value).strip():
        return None
    path = folder / expand(str(said.value).strip(), environ)
    return Source(path, str(said.value).strip(), f"`{SETTING}`")


def only_models(tree: Section, problems: list[Problem]) -> Section:
    """What the file says of gateways and models; anything else is a problem."""
    for name, place in tree.keys.items():
        if name not in _SECTIONS:
            hint = nearest(name, _SECTIONS) or "it has `gateways` and `models`; the rest goes into fairlead.yaml"
            problems.append(place.problem("unknown name", hint))
    return Section(tree.place, {name: node for name, node in tree.entries.items() if name in _SECTIONS}, tree.keys)

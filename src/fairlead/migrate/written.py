"""A configuration as text."""

from collections.abc import Mapping
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Lists of plain values on one line, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the library's signature
        return True

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        flat = all(isinstance(each, str | int | float | bool) for each in sequence)
        return super().represent_sequence(tag, sequence, flow_style=flat or flow_style)


def written(config: Mapping[str, Any], head: str) -> str:
    """The text of a configuration file, with `head` as a comment before it."""
    comment = "".join(f"# {line}".rstrip() + "\n" for line in head.splitlines())
    body = yaml.dump(dict(config), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110) if config else "{}\n"
    return comment + body

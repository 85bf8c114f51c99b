"""Whether a config object can be meant as it is written, beyond what its types say. Problems come with their places."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fairlead.config.check import nearest
from fairlead.config.portkey_objects.query import Reader
from fairlead.config.portkey_objects.schema import UNUSED
from fairlead.config.portkey_objects.spelled import spelled
from fairlead.config.tree import Listing, Place, Section, Value, texts
from fairlead.errors import Problem

_STATUSES: Final = "failure_status_codes"
MAX_DEPTH: Final = 10
MAX_OBJECTS: Final = 100
MAX_DROPPED: Final = 64
_SHOWN: Final = 80
MAX_TRIED: Final = 10
"""How many targets one call may come to, as in every plan."""

_CREDENTIAL: Final = re.compile(
    r"(api_?key|authorization)$|(aws|azure|vertex|openai|workers_ai|stability|oracle|snowflake|huggingface|amzn|anthropic)_"
)
_OURS: Final = 'name a provider of the configuration (`provider: "@NAME"`): its key and its address stand there'
_DROPPED: Final = re.compile(r"[^.\[\]]+(\.[^.\[\]]+|\[(\d{1,6}|\*)\])*")
_PATHS: Final = "a path such as `user`, `a.b`, `messages[0].name` or `tools[*].function.strict`"

Wrong: TypeAlias = Callable[[str, str], tuple[str, str | None] | None]
"""Given a member that names a provider, and its value: what is wrong with that, and a hint; None where nothing is."""


@dataclass(slots=True)
class Checked:
    """An object with its members spelled one way; `unused` has where it says what is accepted and not acted on yet."""

    tree: Section
    unused: list[Place] = field(default_factory=list)


def checked(said: Section, wrong: Wrong, problems: list[Problem]) -> Checked:
    """The object, checked but for the types of its members. What is wrong with it is added to `problems`."""
    walk = _Walk(wrong, problems)
    tree = walk.object(spelled(said, problems), 1)
    tried = _tried(tree)
    if tried > MAX_TRIED:
        hint = "leave some out, or choose among them (`loadbalance`, `conditional`)"
        problems.append(said.place.problem(f"one call could come to {tried} targets; at most {MAX_TRIED}", hint))
    return Checked(tree, walk.unused)


class _Walk:
    """Goes through an object and all within it."""

    def __init__(self, wrong: Wrong, problems: list[Problem]) -> None:
        self.wrong = wrong
        self.problems = problems
        self.unused: list[Place] = []
        self.queries = Reader(problems)
        self.objects = self.dropped = 0

    def object(self, node: Section, depth: int) -> Section:
        """The object without the members that are refused."""
        self.objects += 1
        if self.objects == MAX_OBJECTS + 1:
            self._wrong(node.place, f"more than {MAX_OBJECTS} objects in one config")
        if depth > MAX_DEPTH:
            self._wrong(node.place, f"nested more than {MAX_DEPTH} deep")
            return Section(node.place, {}, {})
        kept = {name: inner for name, inner in node.entries.items() if not self._refused(name, node.keys[name])}
        self.unused += [node.keys[name] for name in kept if name in UNUSED]
        self.unused += [
            breaker.keys[_STATUSES]
            for breaker in (node.under("cb_config"), node.under("strategy").under("cb_config"))
            if _STATUSES in breaker.entries
        ]
        for name in ("provider", "virtual_key"):
            named = node.text(name)
            if named is not None and (why := self.wrong(name, str(named.value).strip())) is not None:
                self._wrong(named.place, *why)
        self._drops(node)
        self._strategy(node)
        targets = node.entries.get("targets")
        if isinstance(targets, Listing):
            inner = [self.object(each, depth + 1) if isinstance(each, Section) else each for each in targets.items]
            kept["targets"] = Listing(targets.place, inner)
        return Section(node.place, kept, node.keys)

    def _drops(self, node: Section) -> None:
        for path in texts(node.entries.get("drop_params")):
            self.dropped += 1
            if self.dropped == MAX_DROPPED + 1:
                self._wrong(path.place, f"more than {MAX_DROPPED} paths in the `drop_params` of one config")
            if not _DROPPED.fullmatch(str(path.value)):
                self._wrong(path.place, "not the path of a member", _PATHS)

    def _refused(self, name: str, place: Place) -> bool:
        if name == "custom_host":
            self._wrong(place, "a config does not say where calls go: destinations are the configuration's", _OURS)
        elif name == "file":
            self._wrong(place, "a file is named alone, under `configs`", "leave out what stands beside it")
        elif _CREDENTIAL.match(name):
            self._wrong(place, "a config holds no credentials and no settings of a provider's", _OURS)
        else:
            return False
        return True

    def _strategy(self, node: Section) -> None:
        targets, strategy = objects_in(node), node.entries.get("strategy")
        if not isinstance(strategy, Section):
            if targets:
                self._wrong(node.keys["targets"], "targets without a strategy", 'such as `{"mode": "fallback"}`')
            return
        if not targets:
            self._wrong(node.keys["strategy"], "a strategy without targets", "give it `targets`")
        for own in ("provider", "virtual_key"):
            if own in node.entries:
                self._wrong(node.keys[own], "an object with targets has no provider of its own", "name it in a target")
        mode = _text(strategy, "mode")
        if mode == "loadbalance" and targets and all(_weight(each) == 0 for each in targets):
            self._wrong(node.keys["targets"], "every target has the weight 0, so that none is ever chosen")
        if mode == "conditional":
            self._conditions(strategy, [name for each in targets if (name := _text(each, "name"))])

    def _conditions(self, strategy: Section, names: list[str]) -> None:
        conditions = strategy.entries.get("conditions")
        if not isinstance(conditions, Listing) or not conditions.items:
            self._wrong(strategy.place, "no conditions", "give it `conditions`, each with a `query` and a `then`")
            return
        for each in conditions.items:
            if isinstance(each, Section):
                if "query" in each.entries:
                    self.queries.query(each.entries["query"])
                self._named(each, "then", names)
        self._named(strategy, "default", names)

    def _named(self, within: Section, member: str, names: list[str]) -> None:
        said = within.text(member)
        if said is not None and said.value not in names:
            hint = nearest(str(said.value), names) or f"the targets' names are {', '.join(names) or 'not given'}"
            self._wrong(said.place, f"no target has the name `{str(said.value)[:_SHOWN]}`", hint)

    def _wrong(self, place: Place, message: str, hint: str | None = None) -> None:
        self.problems.append(place.problem(message, hint))


def objects_in(node: Section) -> list[Section]:
    """The objects among its targets."""
    found = node.entries.get("targets")
    return [each for each in found.items if isinstance(each, Section)] if isinstance(found, Listing) else []


def _text(node: Section, name: str) -> str | None:
    said = node.text(name)
    return str(said.value) if said else None


def _weight(node: Section) -> Any:
    said = node.entries.get("weight")
    return said.value if isinstance(said, Value) else 1


def _tried(node: Section) -> int:
    """How many targets one call may come to: a fallback's all, of others the most of one."""
    counts: Iterator[int] = (_tried(each) for each in objects_in(node))
    strategy = node.entries.get("strategy")
    mode = _text(strategy, "mode") if isinstance(strategy, Section) else None
    if mode == "fallback":
        return sum(counts)
    return max(counts, default=1)

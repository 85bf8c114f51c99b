"""Models by name: what each is, what else it is called, and what each provider calls it.

`models.json` is ours. A user's own files have the same form, of which `model_name` alone is needed; they are laid over
ours.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from fairlead.errors import ConfigError

SHIPPED = Path(__file__).with_name("models.json")
MAX_BYTES = 4 * 1024 * 1024


Check = Literal["page", "list", "vendor", "unconfirmed"]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
# Members that other gateways' files have, and that nothing here asks for.
_NOT_OURS = {
    "allow_code_generation",
    "default_reasoning_effort",
    "friendly_name",
    "is_custom",
    "max_thinking_tokens",
    "supports_temperature",
    "use_openai_response_api",
}


class Id(Struct, frozen=True, forbid_unknown_fields=True):
    """What a provider calls a model, what says so, and the day on which it ended it or will."""

    id: str
    checked: Check
    until: Day | None = None


class Known(Struct, frozen=True, forbid_unknown_fields=True, rename={"name": "model_name"}):
    """A model of the registry. `ids` has what providers call it: null where one has no such model.

    `checked` has what says so, and `until` the day on which a provider ended the model or will, for the shipped ids.
    """

    name: str
    aliases: tuple[str, ...] = ()
    context_window: int = 32_768
    max_output_tokens: int = 32_768
    supports_extended_thinking: bool = False
    supports_system_prompts: bool = True
    supports_streaming: bool = True
    supports_function_calling: bool = False
    supports_images: bool = False
    supports_json_mode: bool = False
    max_image_size_mb: float = 0.0
    temperature_constraint: Literal["range", "fixed", "discrete"] = "range"
    description: str = ""
    intelligence_score: Annotated[int, Meta(ge=1, le=20)] | None = None
    intelligence_source: Literal["seed", "ours", "yours"] = "yours"
    provider_route: str | None = None
    ids: dict[str, str | None] = {}
    checked: dict[str, Check] = {}
    until: dict[str, Day] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All it answers to, its name first."""
        return (self.name, *self.aliases)

    def ended(self, provider: str, day: str) -> bool:
        """Whether the provider is known not to serve it any more on that day."""
        return self.until.get(provider, "9999") <= day


@dataclass(frozen=True, slots=True)
class Registry:
    """Models by name and alias; case does not matter. `date` is the day of what is known of the shipped ones."""

    models: tuple[Known, ...] = ()
    _named: Mapping[str, Known] = field(default_factory=dict, repr=False)
    date: str = ""

    def named(self, name: str) -> Known | None:
        """The model that answers to `name`."""
        return self._named.get(name.casefold())

    def __bool__(self) -> bool:
        return bool(self.models)


def load(path: Path | None = None, custom: Path | None = None) -> Registry:
    """The shipped models, under those of the files. Raises `ConfigError`.

    The models of the file `custom` are those of the provider `custom`, which calls them so unless `ids` says otherwise.
    """
    rows = _read(SHIPPED)
    _refuse_duplicates(rows)
    for file in (path, custom):
        if file is not None:
            own = _read(file)
            _refuse_duplicates(own)
            rows = _laid(rows, _at_custom(own) if file is custom else own)
    models = tuple(map(_known, rows))
    named = {name.casefold(): model for model in models for name in model.names}
    return Registry(models, named, provenance()["date"])


_Row = dict[str, Any]


def _read(path: Path) -> list[_Row]:
    """The models of a file, each checked, with only what the file says of it."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ConfigError(f"{path}: longer than {MAX_BYTES} bytes")
        return _rows(text)
    except OSError as exc:
        raise ConfigError(f"{path}: {(exc.strerror or 'cannot be read').lower()}", hint=_HINT) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: not a registry of models: {exc}", hint=_HINT) from None


_HINT = "see docs/how-to/use-models-by-name.md for the form of the file"


class _File(Struct):
    models: list[dict[str, Any]]


def _rows(text: bytes) -> list[_Row]:
    rows = [
        {name: value for name, value in row.items() if name not in _NOT_OURS}
        for row in msgspec.json.decode(text, type=_File).models
    ]
    for row in rows:
        _known(row)
    return rows


def _known(row: _Row) -> Known:
    """The model that a row tells of. An id stands there alone, or with what says so."""
    said = msgspec.convert(row.get("ids", {}), dict[str, str | Id | None])
    more = {name: each for name, each in said.items() if isinstance(each, Id)}
    ids = {name: each.id if isinstance(each, Id) else each for name, each in said.items()}
    checked = {name: each.checked for name, each in more.items()}
    until = {name: each.until for name, each in more.items() if each.until}
    return msgspec.convert({**row, "ids": ids, "checked": checked, "until": until}, Known)


def _at_custom(rows: list[_Row]) -> list[_Row]:
    return [{**row, "ids": {"custom": row["model_name"], **row.get("ids", {})}} for row in rows]


def _names(row: _Row) -> list[str]:
    return [row["model_name"], *row.get("aliases", ())]


def _refuse_duplicates(rows: Iterable[_Row]) -> None:
    """Two models of one file that answer to one name."""
    owners: dict[str, str] = {}
    for row in rows:
        for name in _names(row):
            other = owners.setdefault(name.casefold(), row["model_name"])
            if other != row["model_name"]:
                raise ConfigError(
                    f"Duplicate alias '{name}' found for models '{other}' and '{row['model_name']}'",
                    hint="keep one of them",
                )


def _laid(ours: list[_Row], own: list[_Row]) -> list[_Row]:
    """`own` laid over `ours`, model by model. A name of `own` is taken away from whichever of ours had it."""
    base = {name.casefold(): row for row in ours for name in _names(row)}
    laid = []
    covered = []
    for row in own:
        under = base.get(row["model_name"].casefold())
        covered.append(under)
        laid.append(_merged(under, row) if under else row)
    taken = {name.casefold() for row in own for name in _names(row)}
    rest = [row for row in ours if not any(row is under for under in covered)]
    return [*_less(laid, taken, own), *_less(rest, taken, [])]


def _merged(under: _Row, row: _Row) -> _Row:
    merged = {**under, **row, "aliases": [*row.get("aliases", ()), *_names(under)]}
    if "intelligence_score" in row:
        merged["intelligence_source"] = row.get("intelligence_source", "yours")
    return {**merged, "ids": {**under.get("ids", {}), **row.get("ids", {})}}


def _less(rows: list[_Row], taken: set[str], own: list[_Row]) -> Iterator[_Row]:
    """The rows less the aliases that a row of the user's has claimed for itself."""
    for index, row in enumerate(rows):
        mine = {name.casefold() for name in _names(own[index])} if own else set()
        kept = {alias.casefold(): alias for alias in row.get("aliases", ()) if _is_free(alias, row, taken - mine)}
        yield {**row, "aliases": list(kept.values())}


def _is_free(alias: str, row: _Row, taken: set[str]) -> bool:
    return alias.casefold() not in taken and alias.casefold() != row["model_name"].casefold()


@cache
def provenance() -> dict[str, str]:
    """Where the shipped ids can be checked, by provider, and when that was last done."""
    file = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return {"date": file["date"], **file["source"]}


def checks() -> dict[str, str]:
    """What each kind of `checked` stands for."""
    said: dict[str, str] = json.loads(SHIPPED.read_text(encoding="utf-8"))["checks"]
    return said

"""The options that limit a key or what it belongs to, and how what is limited is shown."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from fairlead.cli import say
from fairlead.cli.usage import NAMED, BadUsage
from fairlead.ledger.allowances import Allowance, Speed
from fairlead.ledger.objects import Change, Shown
from fairlead.ledger.rights import KINDS, Rights

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = {
    "model": "Model it may use, such as `anthropic/*`; may be given again.",
    "provider": "Provider it may use; may be given again.",
    "endpoint": "Path it may use, such as `/v1/*`; may be given again.",
    "address": "Address or network it may be used from; may be given again.",
}
_ALSO = ("config_override", "config")
_SPEEDS = {
    "requests": "Calls that it may make.",
    "tokens": "Tokens that it may use, in and out together.",
    "concurrent": "Calls that it may have under way at one time.",
}
_SPENDING: tuple[Callable[[F], F], ...] = (
    click.option("--budget", type=NAMED, metavar="DOLLARS", help="What it may spend."),
    click.option("--every", type=NAMED, metavar="SPAN", help="Its span: day, week, month (usual), 30d, or total."),
    click.option("--hard/--soft", default=None, help="Refuse what could pass the budget (usual), or only tell."),
    *(click.option(f"--{name}", type=click.IntRange(0), help=about) for name, about in _SPEEDS.items()),
    click.option(
        "--per", type=click.Choice(["second", "minute", "hour", "day"]), help="The span that these are within (minute)."
    ),
)
_CONFIGS: tuple[Callable[[F], F], ...] = (
    click.option(
        "--config-override/--no-config-override",
        default=None,
        help="Whether a call may bring a config of its own (`x-portkey-config`); usually not.",
    ),
    click.option("--calls-config", type=NAMED, metavar="NAME", help="Config that its calls go by."),
)
_NONE = (
    click.option("--no-budgets", is_flag=True, help="Take its budgets away."),
    click.option("--no-limits", is_flag=True, help="Take its limits on calls and tokens away."),
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
TAGS = click.option("--tag", "tags", type=NAMED, multiple=True, metavar="TAG", help="Tag; may be given again.")
ORGANISATION = click.option("--organisation", type=NAMED, metavar="NAME", help="Organisation it belongs to.")


def limited(command: F) -> F:
    """The command with the options that limit, and `--tag`."""
    command = TAGS(command)
    for option in reversed((*_CONFIGS, *_SPENDING)):
        command = option(command)
    for name, about in reversed(_OPTIONS.items()):
        command = click.option(f"--{name}", type=NAMED, multiple=True, metavar="NAME", help=about)(command)
    return command


def unlimited(command: F) -> F:
    """The command with the options that take budgets and limits away."""
    for option in reversed(_NONE):
        command = option(command)
    return command


def limits(said: dict[str, Any]) -> dict[str, Any]:
    """What those options say, in the words of a new object, taken out of the others."""
    budget, speed = _budget(said), _speed(said)
    return {
        "rights": _rights(said),
        "tags": list(said.pop("tags")),
        "budgets": [] if budget is None else [budget],
        "limits": [] if speed is None else [speed],
    }


def _rights(said: dict[str, Any]) -> Rights:
    models, providers, endpoints, addresses = (list(said.pop(name)) or None for name in _OPTIONS)
    return Rights(models, providers, endpoints, addresses, said.pop("config_override"), said.pop("calls_config"))


def changes(said: dict[str, Any], before: Shown) -> dict[str, Any]:
    """What those options change of an object, in the words of a `Change`. What is not said stays."""
    no_budgets, no_limits, hard = said.pop("no_budgets"), said.pop("no_limits"), said["hard"]
    new = limits(said)
    rights = {kind: each for kind in (*KINDS, *_ALSO) if (each := getattr(new["rights"], kind)) is not None}
    found: dict[str, Any] = {
        "rights": replace(before.rights, **rights) if rights else UNSET,
        "tags": new["tags"] or UNSET,
        "budgets": [] if no_budgets else UNSET,
        "limits": [] if no_limits else UNSET,
    }
    for budget in new["budgets"]:
        found["budgets"] = _budgets([] if no_budgets else before.budgets, budget, hard)
    for speed in new["limits"]:
        found["limits"] = _speeds([] if no_limits else before.limits, speed)
    return found


def nothing(wanted: Change) -> bool:
    """Whether a change leaves all as it is."""
    return all(getattr(wanted, name) is UNSET for name in wanted.__struct_fields__)


def _budget(said: dict[str, Any]) -> Allowance | None:
    amount, every, hard = said.pop("budget"), said.pop("every"), said.pop("hard")
    if amount is None:
        if every is not None or hard is not None:
            raise BadUsage("there is no budget that this is of", hint="give a `--budget` too")
        return None
    return Allowance(amount.removeprefix("$"), every or "month", hard=hard is not False)


def _speed(said: dict[str, Any]) -> Speed | None:
    per, counts = said.pop("per"), {name: said.pop(name) for name in _SPEEDS}
    if any(count is not None for count in counts.values()):
        return Speed(**counts, per=per or "minute")
    if per is not None:
        raise BadUsage("there is no limit that this is of", hint="give `--requests`, `--tokens` or `--concurrent` too")
    return None


def _budgets(before: list[Allowance], new: Allowance, hard: bool | None) -> list[Allowance]:
    """What is there, with the new one in the place of the one for the same span."""
    alike = [each for each in before if each.every == new.every and hard in (None, each.hard)]
    same = next((each for each in before if each.called == new.called), next(iter(alike), None))
    if same is None:
        return [*before, new]
    made = replace(same, limit=new.limit, hard=same.hard if hard is None else hard)
    return [made if each is same else each for each in before]


def _speeds(before: list[Speed], new: Speed) -> list[Speed]:
    """What is there, with the new one over the one that is called the same."""
    same = next((each for each in before if each.called == new.called), None)
    if same is None:
        return [*before, new]
    made = replace(same, **{name: count for name in _SPEEDS if (count := getattr(new, name)) is not None})
    return [made if each is same else each for each in before]


def told(value: object) -> str:
    """The value as JSON, in one line."""
    return msgspec.json.encode(value).decode()


def show(value: Shown, *, json: bool) -> None:
    """One object, with a line for each thing that it says."""
    if json:
        say.data(told(value))
        return
    said = msgspec.to_builtins(value)
    for name in ("rights", "granted", "budgets", "limits", "standing"):
        said.pop(name, None)
    said["tags"] = ", ".join(said["tags"])
    lines: list[tuple[str, ...]] = [
        (name.replace("_", " "), str(each)) for name, each in said.items() if each not in (None, "")
    ]
    lines += [(f"only {kind}", ", ".join(each)) for kind in KINDS if (each := getattr(value.rights, kind))]
    also = ((kind.replace("_", " "), getattr(value.rights, kind)) for kind in _ALSO)
    lines += [(kind, _word(each)) for kind, each in also if each is not None]
    lines += [(f"budget {each.called}", _spending(value, each)) for each in value.budgets]
    lines += [(f"limit {each.called}", _going(each)) for each in value.limits]
    say.data(say.table(lines))


def _word(said: bool | str) -> str:
    return said if isinstance(said, str) else "yes" if said else "no"


def _spending(value: Shown, budget: Allowance) -> str:
    standing = () if isinstance(value.standing, UnsetType) else value.standing
    now = next((each for each in standing if each.name == budget.called), None)
    left = "" if now is None else f", ${now.spent} spent, ${now.remaining} left"
    until = "" if now is None or now.resets_at is None else f" until {now.resets_at}"
    span = "in total" if budget.every == "total" else f"each {budget.every}"
    return f"${_plain(budget.limit)} {span}{'' if budget.hard else ', soft'}{left}{until}"


def _plain(amount: str | float) -> str:
    return amount if isinstance(amount, str) else f"{amount:.9f}".rstrip("0").rstrip(".")


def _going(speed: Speed) -> str:
    said = {name: getattr(speed, name) for name in ("requests", "tokens", "input_tokens", "output_tokens")}
    within = [f"{count} {name.replace('_', ' ')}" for name, count in said.items() if count is not None]
    at_once = [] if speed.concurrent is None else [f"{speed.concurrent} calls at one time"]
    return ", ".join([*([f"{', '.join(within)} within a {speed.per}"] if within else []), *at_once])

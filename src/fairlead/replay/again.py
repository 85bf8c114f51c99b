"""One recorded call by another policy: where it would go, and what that would cost. Pure but for `texts`."""

from collections.abc import Callable
from random import Random
from typing import Final

from msgspec import Struct

from fairlead.dialects.model import Usage
from fairlead.errors import CannotServe, FairleadError, NoTarget, UnknownModel
from fairlead.ledger.costs import cost
from fairlead.ledger.rates import Price
from fairlead.ledger.row import Row, Tokens
from fairlead.replay.facts import Recorded, Texts, Unknown
from fairlead.routing.by_difficulty import ByDifficulty
from fairlead.routing.difficulty import Difficulty
from fairlead.routing.facts import NO_FACTS
from fairlead.routing.moment import Moment
from fairlead.routing.plan import Plan, Wanted, chosen, plan
from fairlead.routing.policy import Policy
from fairlead.routing.sayings import signs
from fairlead.routing.target import Target

Priced = Callable[[str, str, float], Price]
"""The price of a provider's model at a time (seconds since 1970)."""

_PINNED: Final = "provider named"
# What a call was refused for that another policy may allow.
_PLANNING: Final = frozenset({UnknownModel.code, CannotServe.code, NoTarget.code})
_BY_TOKENS: Final = frozenset({"input", "cached", "cache_write", "cache_write_1h", "audio_input", "cached_audio",
                               "output", "reasoning", "audio_output", "request"})  # fmt: skip


class Outcome(Struct, frozen=True):
    """What became of a call then, and what would become of it now.

    `then` and `now` are `PROVIDER/MODEL`, or empty where nobody answered. Money is nano-dollars, None where it is not
    known. `why` says why it cannot be replayed, or else why nobody would answer now; `replayed` tells which.
    """

    asked: str
    then: str
    now: str
    cost_then: int | None
    cost_now: int | None
    replayed: bool = True
    why: str = ""

    @property
    def moved(self) -> bool:
        return self.then != self.now


class Again:
    """Plans recorded calls by a policy. `seed` is of what chance decides."""

    def __init__(self, policy: Policy, priced: Priced, texts: Texts, seed: int = 1) -> None:
        self._policy = policy
        self._priced = priced
        self._texts = texts
        self._draw = Random(seed).random  # noqa: S311 - a draw, not a secret
        self._members, _ = signs(policy)

    def of(self, row: Row) -> Outcome:
        """What would become of a recorded call."""
        then = _served(row)
        if not row.asked or (row.outcome == "refused" and row.code not in _PLANNING):
            why = f"it was refused before anybody was asked ({row.code or row.status})"
            return Outcome(row.asked, then, "", row.cost, None, replayed=False, why=why)
        try:
            made = self._planned(row)
        except Unknown as unknown:
            return Outcome(row.asked, then, "", row.cost, None, replayed=False, why=str(unknown))
        except FairleadError as error:
            return Outcome(row.asked, then, "", row.cost, 0, why=error.message)
        broken = {(each.provider, each.model) for each in row.attempts if each.result != "ok"}
        places = [(target.provider.name, target.model) for target in made.targets]
        left = [place for place in places if place not in broken]
        if not places:
            return Outcome(row.asked, then, "", row.cost, 0, why="no target of its plan can be asked")
        if not left:
            return Outcome(row.asked, then, "", row.cost, 0, why="every target of its plan had failed then")
        return Outcome(row.asked, then, "/".join(left[0]), row.cost, self._cost(row, *left[0]))

    def _planned(self, row: Row) -> Plan:
        """The plan by the new policy. Raises `Unknown` and what planning does."""
        facts = Recorded(row, self._texts)
        says = row.bodies and bool(self._members) and facts.kept and not self._members.isdisjoint(facts.members)
        provider = row.provider if row.reason == _PINNED and not row.asked.startswith("@") else None
        intent = row.intent if row.intent and _intent_named(row.reason) else None
        wanted = Wanted(row.asked, provider or None, intent, facts.inferred, facts=facts if says else NO_FACTS)
        made = plan(wanted, self._policy)
        moment = Moment(self._draw, 0.0, facts, rates=lambda target: self._price(row, target))
        if isinstance(made.choose, ByDifficulty) and row.difficulty is not None:
            found = Difficulty(row.difficulty, ("as recorded",))
            return made.choose.ordered(made, moment, found, usage_of(row.tokens, cached=False) if row.counted else None)
        return chosen(made, moment, self._policy) if made.choose is not None else made

    def _price(self, row: Row, target: Target) -> Price:
        return self._priced(target.provider.name, target.model, row.at / 1000)

    def _cost(self, row: Row, provider: str, model: str) -> int | None:
        """What the call costs there, with as many tokens; what it did cost, where no token of ours tells that."""
        same = (provider, model) == (row.provider, row.model)
        only_tokens = all(item.kind in _BY_TOKENS for item in row.items)
        price = self._priced(provider, model, row.at / 1000)
        if same and ((row.reported and not price.settled) or not only_tokens):
            return row.cost
        if price.kind == "free":
            return 0
        if not row.counted or not only_tokens:
            return row.cost if same else None
        return cost(price, usage_of(row.tokens, cached=same)).nano


def _served(row: Row) -> str:
    """The target that answered; empty where none did."""
    return f"{row.provider}/{row.model}" if any(each.result == "ok" for each in row.attempts) else ""


def _intent_named(reason: str) -> bool:
    """Whether a call named its intent, by how it was read; else that was read in its text."""
    return (reason.startswith("intent `") and reason.endswith("` named")) or "` is no intent here, so `" in reason


def usage_of(tokens: Tokens, *, cached: bool) -> Usage:
    """The tokens of a call; elsewhere nothing of it is in a cache yet."""
    kept = (tokens.cached, tokens.cache_write, tokens.cache_write_1h) if cached else (0, 0, 0)
    return Usage(
        tokens.input,
        tokens.output,
        cached_tokens=kept[0],
        reasoning_tokens=tokens.reasoning,
        cache_write_tokens=kept[1],
        cache_write_1h_tokens=kept[2],
        audio_input_tokens=tokens.audio_input,
        audio_output_tokens=tokens.audio_output,
    )

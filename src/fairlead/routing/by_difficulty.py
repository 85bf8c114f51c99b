"""The cheap or the strong one of two models, by how hard a call's text is. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from fairlead.dialects.model import Usage
from fairlead.ledger.money import amount, dollars
from fairlead.routing import said, worth
from fairlead.routing.difficulty import Difficulty, difficulty
from fairlead.routing.moment import Moment
from fairlead.routing.policy import Model
from fairlead.routing.target import Candidate, Plan, Scores
from fairlead.routing.tiers import Tiers

MOST = 5  # targets of each tier, so that the other one is always left to fall back to


def compiled(model: Model, tiers: Tiers, named: Callable[[str], Plan]) -> Plan:
    """The plan for all calls of such a model: the cheap targets, then the strong ones, and what orders them by call.

    `named` gives the plan for a model's name; what it raises is raised.
    """
    cheap, strong = named(tiers.cheap), named(tiers.strong)
    candidates = (*_some(cheap, "cheap", model.name), *_some(strong, "strong", model.name))
    losses = model.on_loss or strong.on_loss or cheap.on_loss
    chooser = ByDifficulty(tiers, cheap, strong)
    return Plan(candidates, f"model `{model.name}`, by difficulty", on_loss=losses, choose=chooser)


class ByDifficulty:
    """Puts the targets of one tier before those of the other."""

    __slots__ = ("_cheap", "_places", "_strong", "_tiers")

    def __init__(self, tiers: Tiers, cheap: Plan, strong: Plan) -> None:
        self._tiers, self._cheap, self._strong = tiers, cheap, strong
        self._places = frozenset(map(_place, strong.candidates))

    def __call__(self, plan: Plan, moment: Moment) -> Plan:
        """The plan of one call, with the difficulty that was read in it."""
        return self.ordered(plan, moment, difficulty(said.heard(moment.facts.member)))

    def ordered(self, plan: Plan, moment: Moment, found: Difficulty | None, usage: Usage | None = None) -> Plan:
        """The same for a difficulty that is known already, and for what the call uses where that is known too."""
        more = self._extra(moment, usage) if self._tiers.worth is not None and found is not None else None
        hard, reason = decided(found, self._tiers, more)
        strong = [each for each in plan.candidates if _place(each) in self._places]
        cheap = [each for each in plan.candidates if _place(each) not in self._places]
        own, first, other = (self._strong, strong, cheap) if hard else (self._cheap, cheap, strong)
        stays = None
        if own.choose is not None:
            chosen = own.choose(own, moment)
            order = {_place(each): place for place, each in enumerate(chosen.candidates)}
            first.sort(key=lambda each: order.get(_place(each), MOST))
            stays = chosen.stays
        candidates = (*first, *other)
        score = None if found is None else found.score
        if moment.explains:
            read = ("difficulty", "unknown" if score is None else score)
            scores: Scores = (read, ("threshold", self._tiers.threshold))
            if more is not None and self._tiers.worth is not None:
                scores = (read, ("worth_usd", amount(self._tiers.worth)), ("extra_usd", amount(more)))
            candidates = tuple(replace(each, scores=(*each.scores, *scores)) for each in candidates)
        return replace(plan, candidates=candidates, reason=reason, choose=None, stays=stays, difficulty=score)

    def _extra(self, moment: Moment, usage: Usage | None) -> int | None:
        """What the strong model costs more for a call; None where a price is not known."""
        if not self._cheap.targets or not self._strong.targets:
            return None
        less, more = (moment.rates(plan.targets[0]) for plan in (self._cheap, self._strong))
        return worth.more_for(less, more, usage or worth.expected(moment.facts))


def decided(found: Difficulty | None, tiers: Tiers, more: int | None = None) -> tuple[bool, str]:
    """Whether the strong model is asked, and why. `more` is what it costs more (nano-dollars), where that is known."""
    if found is None:
        tier = "strong" if tiers.strong_otherwise else "cheap"
        return tiers.strong_otherwise, f"the call has no text to tell its difficulty by, so the {tier} model is asked"
    if tiers.worth is not None and more is not None:
        hard = worth.is_worth(found.score, tiers.worth, more)
        than, tier = ("is worth", "strong") if hard else ("is not worth", "cheap")
        read = f"difficulty {found.score:.2f} ({found.why}) {than} {dollars(more)} more"
        return hard, f"{read}, where a better answer is worth {dollars(tiers.worth)}, so the {tier} model is asked"
    hard = found.score >= tiers.threshold
    than, tier = ("at least", "strong") if hard else ("below", "cheap")
    read = f"difficulty {found.score:.2f} ({found.why}) is {than} {tiers.threshold:g}"
    return hard, f"{read}, so the {tier} model is asked"


def _some(plan: Plan, tier: str, name: str) -> Iterable[Candidate]:
    """As many of a tier's candidates as its share of a plan has room for."""
    room = MOST
    for each in plan.candidates:
        room -= each.target is not None
        if each.target is not None and room < 0:
            yield replace(each, target=None, reason=f"each tier has at most {MOST} targets")
        else:
            yield replace(each, reason=f"{tier} of `{name}`: {each.reason}")


def _place(candidate: Candidate) -> tuple[str, str]:
    return candidate.provider, candidate.model

"""What a plan is made of: targets, and the candidates that were considered for them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from itertools import repeat
from operator import attrgetter
from operator import call as give
from typing import TYPE_CHECKING, Protocol, TypeAlias

from fairlead.providers import portkey
from fairlead.providers.portkey import Way
from fairlead.providers.registry import Known
from fairlead.providers.row import Provider, Timeouts
from fairlead.routing.facts import NO_FACTS, Facts
from fairlead.routing.health import Standing
from fairlead.routing.how import USUAL, Care, How
from fairlead.routing.intent import Inference
from fairlead.routing.policy import OnLoss, Policy, clocks
from fairlead.routing.told import Told
from fairlead.upstream.api import Clocks

if TYPE_CHECKING:
    from fairlead.routing.analysis import Analysis
    from fairlead.routing.moment import Choose

LAST_RESORT = ("local", "echo")
Notes: TypeAlias = tuple[tuple[int, str], ...]
Scores: TypeAlias = tuple[tuple[str, float | str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The facts of a call that routing looks at. `infer` reads the call's text, only if that is needed.

    `needs` has the capabilities without which a provider cannot serve it; `facts` what else the call says.
    """

    model: str
    provider: str | None = None
    intent: str | None = None
    infer: Callable[[], Inference] | None = None
    needs: tuple[str, ...] = ()
    facts: Facts = NO_FACTS


@dataclass(frozen=True, slots=True)
class Target:
    """One place to send the call to, and the clocks of an attempt there.

    `headers` go with the request, and may be credentials; `note` is for the log when it is tried. `once`: the provider
    tries again by itself, so that nobody else should. `hidden` is what nobody may be told, should it come back. `how`
    is what a policy says about an attempt there; `weight` its share among equals, of which 0 is no new call. `standing`
    is how it fares; `window` how many tokens it takes at most, 0 where nobody knows.
    """

    provider: Provider
    model: str
    whole: Clocks
    streamed: Clocks
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    note: str = ""
    once: bool = False
    hidden: tuple[str, ...] = field(default=(), repr=False)
    how: How = USUAL
    weight: float = 1.0
    standing: Standing = field(default_factory=Standing, compare=False, repr=False)
    window: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target that was considered: `target` is None where it was passed over, and `reason` says why.

    `barred`: it was passed over because the model is not allowed there. `scores` is what its place was chosen by.
    `asked` is the name that its model was asked for by, where that is not the call's: a key needs the right to it.
    """

    provider: str
    model: str
    target: Target | None
    reason: str
    barred: bool = False
    scores: Scores = ()
    asked: str = ""


class Stays(Protocol):
    """Is told which target answered a call, so that the next of its session goes there too."""

    def at(self, target: Target) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """The targets in the order they are tried; `reason` says how the call was read, `notes` what the log is told.

    `lacking` has what one of them at least is known to be unable to do; `ranked`: they are the best that can be had.
    `choose` makes the plan of a single call, where that is not the same for all; `stays` is told who answered.
    `role` is the one that the call names; `analysis` what was read into what it says, `difficulty` how
    hard that is (0 to 1), where the plan hangs on it. `told` is what a client that speaks Portkey's words is told.
    """

    candidates: tuple[Candidate, ...]
    reason: str
    intent: str | None = None
    inferred: bool = False
    notes: Notes = ()
    on_loss: OnLoss | None = None
    ranked: bool = False
    choose: "Choose | None" = None
    stays: Stays | None = None
    role: str = ""
    analysis: "Analysis | None" = None
    difficulty: float | None = None
    told: Told | None = None
    targets: tuple[Target, ...] = field(init=False)
    lacking: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        targets = tuple(c.target for c in self.candidates if c.target is not None)
        weighed = (target.provider for target in targets if target.provider.name not in LAST_RESORT)
        object.__setattr__(self, "targets", targets)
        object.__setattr__(self, "lacking", frozenset().union(*(provider.cannot for provider in weighed)))

    def reordered(self, candidates: tuple[Candidate, ...], stays: Stays | None = None) -> "Plan":
        """The same plan with its candidates in another order. Cheaper than `replace`: nothing else is made anew."""
        made = object.__new__(Plan)
        for _ in map(give, _GIVING, repeat(made), _carried(self)):
            pass
        _CANDIDATES(made, candidates)
        _TARGETS(made, tuple([each.target for each in candidates if each.target is not None]))
        _CHOOSE(made, None)
        _STAYS(made, stays)
        return made


def _giving(name: str) -> Callable[[Plan, object], None]:
    """What gives a plan that is being made one of its parts: frozen, it takes none otherwise."""
    give: Callable[[Plan, object], None] = Plan.__dict__[name].__set__
    return give


_CANDIDATES, _TARGETS, _CHOOSE, _STAYS = map(_giving, ("candidates", "targets", "choose", "stays"))
_names = [each.name for each in fields(Plan) if each.name not in ("candidates", "targets", "choose", "stays")]
_carried = attrgetter(*_names)
_GIVING = tuple(map(_giving, _names))


def candidate(
    policy: Policy, provider: Provider, asked: str, reason: str, *, pinned: bool = False, default: bool = False
) -> Candidate:
    """The model that is `asked` for, at a provider, under the name that it has there.

    A `pinned` name that the provider's own models are called like is taken as it is, and so is its `default`. Whoever
    relays calls may be told for whom: `@VENDOR/MODEL`.
    """
    vendor, asked = portkey.named(asked) if provider.serves == "relayed" else (None, asked)
    if vendor is not None:
        return _for_vendor(policy, provider, vendor, asked, reason)
    known = policy.registry.named(asked)
    if known is None and provider.serves == "any" and not default:
        return tagged(policy, provider, asked, reason)
    literal = default or known is None or (pinned and asked.casefold() != known.name and provider.claims(asked))
    there = asked if literal or known is None else called(known, provider) or asked
    return placed(policy, provider, there, reason, names=(asked, *(known.names if known else ())), known=known)


def _for_vendor(policy: Policy, provider: Provider, vendor: str, asked: str, reason: str) -> Candidate:
    """The model at a vendor behind `provider`, under the name that it has with that vendor."""
    known = policy.registry.named(asked)
    there = (known.ids.get(vendor) if known else None) or asked
    return placed(policy, provider, there, reason, names=(asked, *(known.names if known else ())), vendor=vendor)


def tagged(policy: Policy, provider: Provider, asked: str, reason: str) -> Candidate:
    """A model whose name may have a tag (`llama3.2:latest`), at a server of one's own.

    It is looked up without the tag. The server is sent the tag of a name that nobody knows, unless that is `latest`.
    """
    bare = untagged(asked)
    known = policy.registry.named(bare)
    there = (known.ids.get(provider.name) if known else None) or asked.removesuffix(":latest")
    return placed(policy, provider, there, reason, names=(asked, bare, *(known.names if known else ())))


def untagged(name: str) -> str:
    """The name without its `:tag`."""
    return name.partition(":")[0]


def called(known: Known, provider: Provider) -> str | None:
    """What a provider calls a model of the registry; None where it does not have it."""
    if provider.name in known.ids:
        return known.ids[provider.name]
    return known.name if provider.serves == "relayed" or provider.claims(known.name) else None


def placed(  # noqa: PLR0913 - what may be known of a place
    policy: Policy,
    provider: Provider,
    there: str,
    reason: str,
    *,
    names: Iterable[str] = (),
    known: Known | None = None,
    vendor: str | None = None,
    timeouts: Timeouts | None = None,
    care: Care | None = None,
) -> Candidate:
    """A candidate for the model that the provider calls `there`, and others call `names`."""
    if not provider.usable:
        return Candidate(provider.name, there, None, why_not(provider))
    way = None
    if provider.serves == "relayed":
        model, route = (known.name, known.provider_route) if known else (there, vendor)
        way = policy.portkey.way(model, route or portkey.vendor_of(model))
        if way is None:
            return Candidate(provider.name, there, None, portkey.NOTHING)
        reason = f"{reason}, by {way.shown}"
    if provider.allowed and provider.allowed.isdisjoint({there.casefold(), *(name.casefold() for name in names)}):
        return Candidate(provider.name, there, None, f"{provider.allowed_by} does not list it", barred=True)
    target = _target(policy, provider, there, timeouts, way)
    window = known.context_window if known else 0
    how = USUAL if care is None else How(care=care)
    return Candidate(provider.name, there, replace(target, how=how, window=window), reason)


def _target(policy: Policy, provider: Provider, model: str, timeouts: Timeouts | None, way: Way | None) -> Target:
    whole, streamed = (clocks(provider, timeouts, stream=stream) for stream in (False, True))
    if way is None:
        return Target(provider, model, whole, streamed, standing=policy.board.standing(provider, model))
    standing = policy.board.standing(provider, model, way.hidden, way.shown)
    return Target(provider, model, whole, streamed, way.headers, way.note, way.once, way.hidden, standing=standing)


def why_not(provider: Provider) -> str:
    """What keeps calls from a provider that cannot be used."""
    if provider.name in LAST_RESORT:
        return "its weights are not here; `ai models pull` fetches them" if provider.name == "local" else "turned off"
    if provider.offline:
        return "`offline` is set, and it is not on this machine"
    if not provider.base_url:
        return f"{provider.lacks} is not set" if provider.lacks else "it has no base URL"
    if provider.key_env and not provider.key_optional:
        return f"{' or '.join(provider.key_env)} is not set"
    return "it is not set up"

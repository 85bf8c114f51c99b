"""Headers that go on: from the client to a provider, and back."""

from collections.abc import Callable
from functools import lru_cache

from fairlead.dialects.codec import Outgoing
from fairlead.pipeline.call import Call, Headers
from fairlead.routing.plan import Target
from fairlead.upstream.api import Response

Named = list[tuple[str, str]]
Header = Callable[[bytes], str | None]
# Headers in which the client's words and a translation's own have room side by side.
_LISTS = ("anthropic-beta",)


def there(call: Call, target: Target, out: Outgoing) -> Named:
    """What a request says besides its row's own headers: the translation's, the target's, the client's. None twice."""
    return _with(target, [*out.headers, *target.headers], call.request.header)


@lru_cache(maxsize=256)
def _encoded(names: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(name.encode() for name in names)


def own(target: Target, header: Header) -> Named:
    """The same without a translation: the target's, and the client's, whose value `header` gives."""
    return _with(target, [*target.headers], header)


def _with(target: Target, headers: Named, header: Header) -> Named:
    _pass_on(header, target, headers)
    return _unset(target, headers) if target.provider.headers else headers


def back(response: Response, target: Target) -> Headers:
    """The headers of a provider's reply that the client gets: those that it may send there."""
    passed = target.provider.pass_headers
    return [(name, value) for name in _encoded(passed) if (value := response.header(name))] if passed else []


def _pass_on(header: Header, target: Target, headers: Named) -> None:
    passed = target.provider.pass_headers
    for name, encoded in zip(passed, _encoded(passed), strict=True) if passed else ():
        value = header(encoded)
        if not value:
            continue
        place = next((at for at, (own, _) in enumerate(headers) if own == name), None)
        if place is None:
            headers.append((name, value))
        elif name in _LISTS:
            headers[place] = (name, _joined(value, headers[place][1]))


def _unset(target: Target, headers: Named) -> Named:
    """The headers but for those that the provider's row sets itself."""
    own = {name.lower() for name, _ in target.provider.headers}.difference(_LISTS)
    return [each for each in headers if each[0].lower() not in own or each in target.headers]


def _joined(*lists: str) -> str:
    return ",".join(dict.fromkeys(word.strip() for words in lists for word in words.split(",") if word.strip()))

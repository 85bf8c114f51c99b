"""The models that a client may name, in the shape that its dialect's own clients read."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from fairlead import clock
from fairlead.errors import MethodNotAllowed, RequestError, UnknownModel
from fairlead.gateway import Gateway
from fairlead.http.exchange import Exchange
from fairlead.http.openrouter_models import Catalogue
from fairlead.pipeline.call import Headers
from fairlead.routing.names import Offered, offer, offered

_JSON: Headers = [(b"content-type", b"application/json")]
# Headers that official clients of other dialects than OpenAI's always send.
_ANTHROPIC, _GOOGLE = b"anthropic-version", b"x-goog-api-client"
_PREFIX: Final = "models/"
# How many stand on a page that does not say, and the most that it may say: Anthropic's and Google's own numbers.
_ANTHROPIC_PAGE, _GOOGLE_PAGE, _MOST = 20, 50, 1000
_METHODS: Final = ("generateContent", "streamGenerateContent")
_CALLS: Final = tuple(f":{method}" for method in _METHODS)

Json = dict[str, Any]


class Models:
    """Lists of models, and one model: as OpenAI, Anthropic and Google write them."""

    def __init__(self, gateway: Gateway, started: int, catalogue: Catalogue) -> None:
        """`started` (Unix seconds) is when all models were made, as far as OpenAI's clients are told.

        `catalogue` has what OpenRouter's clients read besides.
        """
        self._gateway = gateway
        self._catalogue = catalogue
        self._started = started

    async def list(self, exchange: Exchange) -> None:
        """All of them; a page, for a client of Anthropic's or Google's. Raises `RequestError`."""
        dialect = _settle(exchange)
        if dialect == "gemini":
            await self.gemini_list(exchange)
        elif dialect == "anthropic-messages":
            _reply(exchange, self._anthropic_page(self._offered(exchange), _query(exchange)))
        else:
            found = [self._openai(each) for each in self._offered(exchange)]
            _reply(exchange, {"object": "list", "data": found, "total_count": len(found), "links": {"next": None}})

    async def one(self, exchange: Exchange) -> None:
        """Any name that a call may have. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
        dialect = _settle(exchange)
        if dialect == "gemini":
            await self.gemini_one(exchange)
        else:
            shape = self._anthropic if dialect == "anthropic-messages" else self._openai
            _reply(exchange, shape(self._offer(exchange)))

    async def gemini_list(self, exchange: Exchange) -> None:
        """A page of them for a client of Google's. Raises `RequestError`."""
        asked, found = _query(exchange), self._offered(exchange)
        first, token = 0, asked.get("pageToken")
        if token:
            first = _place(found, token, "pageToken")
        after = first + min(_size(asked, "pageSize", _GOOGLE_PAGE) or _GOOGLE_PAGE, _MOST)
        page: Json = {"models": [self._gemini(each) for each in found[first:after]]}
        if after < len(found):
            page["nextPageToken"] = found[after].name
        _reply(exchange, page)

    async def gemini_one(self, exchange: Exchange) -> None:
        """Any name that a call may have, for a client of Google's. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
        if (exchange.named or "").endswith(_CALLS):
            raise MethodNotAllowed("a model is called with POST", hint="use POST")
        _reply(exchange, self._gemini(self._offer(exchange)))

    def _offered(self, exchange: Exchange) -> Sequence[Offered]:
        may = exchange.principal.rights.permits
        found = offered(self._gateway.policy)
        # By name, so that a name marks one place on a page.
        return list({each.name: each for each in found if may(each.name, each.provider, each.model)}.values())

    def _offer(self, exchange: Exchange) -> Offered:
        name = exchange.named or ""
        found = offer(name, self._gateway.policy)
        if not exchange.principal.rights.permits(name, found.provider, found.model):
            raise UnknownModel(f"there is no model `{name[:80]}` for this key", hint="GET /v1/models lists those")
        return found

    def _openai(self, model: Offered) -> Json:
        shown: Json = {"id": model.name, "object": "model", "created": self._started, "owned_by": model.provider}
        return shown | self._catalogue.members(model)

    def _anthropic_page(self, found: Sequence[Offered], asked: dict[str, str]) -> Json:
        """https://platform.claude.com/docs/en/api/models-list"""
        size = _size(asked, "limit", _ANTHROPIC_PAGE)
        if not 1 <= size <= _MOST:
            raise RequestError(f"`limit` must be from 1 to {_MOST}", param="limit")
        if before := asked.get("before_id"):
            last = _place(found, before, "before_id")
            page, more = found[max(last - size, 0) : last], last > size
        else:
            first = _place(found, after, "after_id") + 1 if (after := asked.get("after_id")) else 0
            page, more = found[first : first + size], first + size < len(found)
        return {
            "data": [self._anthropic(each) for each in page],
            "has_more": more,
            "first_id": page[0].name if page else None,
            "last_id": page[-1].name if page else None,
        }

    def _anthropic(self, model: Offered) -> Json:
        """Anthropic's own word for a release date that is not known is the beginning of 1970."""
        known = self._gateway.policy.registry.named(model.name)
        return {
            "type": "model",
            "id": model.name,
            "display_name": model.name,
            "created_at": clock.written(0),
            "lifecycle": "active",
            "deprecated_at": None,
            "retires_at": None,
            "line": None,
            "capabilities": None,
            "max_input_tokens": known.context_window if known else None,
            "max_tokens": known.max_output_tokens if known else None,
        }

    def _gemini(self, model: Offered) -> Json:
        """https://ai.google.dev/api/models#Model"""
        known = self._gateway.policy.registry.named(model.name)
        shown: Json = {"name": _PREFIX + model.name, "displayName": model.name}
        if about := (known.description if known else "") or model.about:
            shown["description"] = about
        if known:
            shown["inputTokenLimit"], shown["outputTokenLimit"] = known.context_window, known.max_output_tokens
        return {**shown, "supportedGenerationMethods": _METHODS}


def _settle(exchange: Exchange) -> str:
    """The dialect of a client that asks at the path that three dialects share; errors are told in it too."""
    if exchange.header(_ANTHROPIC) is not None:
        exchange.dialect = "anthropic-messages"
    elif exchange.header(_GOOGLE) is not None:
        exchange.dialect = "gemini"
    return exchange.dialect


def _query(exchange: Exchange) -> dict[str, str]:
    try:
        return dict(parse_qsl(exchange.url.partition(b"?")[2].decode("latin-1")))
    except ValueError:
        raise RequestError("the query cannot be read") from None


def _size(asked: dict[str, str], name: str, otherwise: int) -> int:
    said = asked.get(name)
    if not said:
        return otherwise
    if not (said.isascii() and said.isdigit()):
        raise RequestError(f"`{name}` must be a whole number", param=name)
    return int(said[:9])


def _place(found: Sequence[Offered], name: str, param: str) -> int:
    """Where on the list a name stands."""
    for at, each in enumerate(found):
        if each.name == name:
            return at
    raise RequestError(f"`{param}` names no model of the list", param=param, hint="ask for the first page again")


def _reply(exchange: Exchange, value: Json) -> None:
    exchange.reply(200, _JSON, msgspec.json.encode(value))

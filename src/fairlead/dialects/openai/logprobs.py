"""How likely tokens were."""

from typing import Any

from fairlead.dialects.lenient import objects, word
from fairlead.dialects.model import TokenLogprob


def read(choice: dict[str, Any]) -> list[TokenLogprob] | None:
    """The log probabilities of a choice's content; None where it has none."""
    held = choice.get("logprobs")
    if not isinstance(held, dict) or not isinstance(held.get("content"), list):
        return None
    return [_token(each) for each in objects(held, "content")]


def _token(value: dict[str, Any]) -> TokenLogprob:
    made, logprob = value.get("bytes"), value.get("logprob")
    return TokenLogprob(
        word(value, "token") or "",
        logprob if isinstance(logprob, int | float) else 0.0,
        made if isinstance(made, list) and all(isinstance(each, int) for each in made) else None,
        [_token(each) for each in objects(value, "top_logprobs")],
    )


def write(tokens: list[TokenLogprob] | None) -> dict[str, Any] | None:
    """The member `logprobs` of a choice."""
    if tokens is None:
        return None
    return {
        "content": [{**_written(each), "top_logprobs": list(map(_written, each.top))} for each in tokens],
        "refusal": None,
    }


def _written(token: TokenLogprob) -> dict[str, Any]:
    return {"token": token.token, "logprob": token.logprob, "bytes": token.bytes}

"""How likely tokens were: Gemini keeps those chosen and those that might have been in two lists of one length."""

from typing import Any

from fairlead.dialects.lenient import inner, objects, word
from fairlead.dialects.model import TokenLogprob


def read(candidate: dict[str, Any]) -> list[TokenLogprob] | None:
    """A candidate's tokens; None where it says none."""
    if "logprobsResult" not in candidate:
        return None
    result = inner(candidate, "logprobsResult")
    tops = objects(result, "topCandidates")
    chosen = objects(result, "chosenCandidates")
    return [_token(each, tops[at] if at < len(tops) else {}) for at, each in enumerate(chosen)] or None


def _token(value: dict[str, Any], top: dict[str, Any]) -> TokenLogprob:
    # A probability of 1 is a logarithm of 0, which protobuf leaves out.
    said = value.get("logProbability")
    likely = float(said) if isinstance(said, int | float) else 0.0
    return TokenLogprob(
        word(value, "token") or "", likely, None, [_token(each, {}) for each in objects(top, "candidates")]
    )


def write(tokens: list[TokenLogprob]) -> dict[str, Any]:
    """The members of a candidate that say how likely its tokens were."""
    result: dict[str, Any] = {"chosenCandidates": [_said(token) for token in tokens]}
    if any(token.top for token in tokens):
        result["topCandidates"] = [{"candidates": [_said(each) for each in token.top]} for token in tokens]
    average = sum(token.logprob for token in tokens) / len(tokens) if tokens else 0.0
    return {"logprobsResult": result, "avgLogprobs": average}


def _said(token: TokenLogprob) -> dict[str, Any]:
    return {"token": token.token, "logProbability": token.logprob}

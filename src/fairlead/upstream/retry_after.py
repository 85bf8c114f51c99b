"""How long a provider asks us to wait (RFC 9110, section 10.2.3; in milliseconds as OpenAI and Azure have it)."""

from email.utils import parsedate_to_datetime

from fairlead.upstream.api import Response

LONGEST = 3600.0
_FORMS = ((b"retry-after-ms", 0.001), (b"x-ms-retry-after-ms", 0.001), (b"retry-after", 1.0))


def seconds(response: Response) -> float | None:
    """Seconds to wait, from 0 to an hour, or None where the reply does not say or says nonsense."""
    for name, scale in _FORMS:
        value = response.header(name)
        if value is None:
            continue
        number = _number(value, scale)
        found = _until(value, response.header(b"date")) if number is None else _clamped(number)
        if found is not None:
            return found
    return None


def _number(value: bytes, scale: float) -> float | None:
    try:
        return float(value) * scale
    except ValueError:
        return None


def _until(value: bytes, now: bytes | None) -> float | None:
    """Seconds to a date, counted from the reply's own `date`, so that no clock of ours matters."""
    try:
        start = parsedate_to_datetime((now or b"").decode("latin-1"))
        return _clamped((parsedate_to_datetime(value.decode("latin-1")) - start).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _clamped(value: float) -> float | None:
    return min(max(value, 0.0), LONGEST) if value == value else None  # noqa: PLR0124 - NaN is no time

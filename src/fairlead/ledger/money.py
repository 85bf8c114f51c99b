"""Money is counted in whole nano-dollars, and shown in dollars."""

NANO = 10**9


def amount(nano: int) -> str:
    """An amount in dollars as programs read it: a decimal number without an exponent."""
    whole, rest = divmod(nano, NANO)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


def dollars(nano: int) -> str:
    """An amount as people read it: all of its digits, and cents at least."""
    whole, rest = divmod(abs(nano), NANO)
    digits = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{'-' if nano < 0 else ''}${whole:,}.{digits}"

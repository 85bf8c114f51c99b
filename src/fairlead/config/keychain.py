"""The keyring of the operating system: of macOS, Windows, GNOME or KDE, by the library `keyring` where it is there."""

from typing import Final

SERVICE: Final = "payready"
"""What the secrets are kept under, as they were by Fairlead's predecessor."""


class Unasked(Exception):
    """Why the keyring did not say, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def secret(name: str) -> str | None:
    """What is kept under that name; None where nothing is. Raises `Unasked`."""
    try:
        import keyring  # noqa: PLC0415 - few need it, and it takes long to import
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        raise Unasked("the package `keyring` is not here", "`pip install 'fairlead[keyring]'`") from None
    try:
        found: str | None = keyring.get_password(SERVICE, name)
    except KeyringError as error:
        said = f"the keyring cannot be asked: {type(error).__name__}"
        raise Unasked(said, "unlock it, or set the variable; a server has none") from None
    return found.strip() if found else None

"""A multipart form (RFC 7578) for a provider that takes nothing else."""

from collections.abc import Mapping
from hashlib import blake2b


def written(fields: Mapping[str, str]) -> tuple[bytes, str]:
    """The body that says these fields, and its content type. The names are ours; a value may be any text.

    The boundary is made of the values, so that none of them can hold it and the same fields make the same body.
    """
    digest = blake2b(digest_size=16)
    for name, value in fields.items():
        digest.update(f"{name}\0{value}\0".encode("utf-8", "replace"))
    boundary = f"fairlead-{digest.hexdigest()}"
    parts = [_part(boundary, name, value) for name, value in fields.items()]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, name: str, value: str) -> bytes:
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'
    return (head + value + "\r\n").encode("utf-8", "replace")

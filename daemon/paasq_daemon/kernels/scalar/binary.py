"""Functions over bytes, and over strings by their UTF-8 encoding. Null where the argument is null."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.operands import map_values
from paasq_dsl.types import BYTES, INT, TEXT


@scalar_kernel("base64_encode")
def base64_encode(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[text]: base64 (RFC 4648, with padding) of the bytes."""
    return map_values(TEXT, lambda value: b64encode(_bytes(value)).decode(), operand)


@scalar_kernel("base64_decode")
def base64_decode(_: KernelCall, text: Column) -> Column:
    """FlatColumn[bytes]; null where the text is not valid base64 (RFC 4648, with padding)."""
    return map_values(BYTES, _decoded, text)


@scalar_kernel("size_bytes")
def size_bytes(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[int64]: the number of bytes."""
    return map_values(INT, lambda value: len(_bytes(value)), operand)


@scalar_kernel("sha256")
def sha256_(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[text]: SHA-256 as 64 hexadecimal digits in lower case."""
    return map_values(TEXT, lambda value: sha256(_bytes(value)).hexdigest(), operand)


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None

"""Components of URLs and e-mail addresses, and hashes of strings. Null where the argument is null."""

from __future__ import annotations

from email.utils import parseaddr
from urllib.parse import SplitResult, parse_qsl, urlsplit

import xxhash

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.operands import map_values
from paasq_dsl.types import INT, TEXT

_PARAMETERS_MAX = 1_000


@scalar_kernel("url_host")
def url_host(_: KernelCall, url: Column) -> Column:
    """FlatColumn[text]: the host in lower case; null where the text is no URL with a host."""
    return map_values(TEXT, _host, url)


@scalar_kernel("url_path")
def url_path(_: KernelCall, url: Column) -> Column:
    """FlatColumn[text]: the path, not decoded, maybe empty; null where the text is no URL with a host."""
    return map_values(TEXT, lambda u: parts.path if (parts := _parts(u)) else None, url)


@scalar_kernel("url_parameter")
def url_parameter(_: KernelCall, url: Column, name: Column) -> Column:
    """FlatColumn[text]: the first value of a query parameter, percent-decoded; null where there is none, or where the
    URL has more than 1,000 parameters.
    """
    return map_values(TEXT, _parameter, url, name)


@scalar_kernel("email_domain")
def email_domain(_: KernelCall, address: Column) -> Column:
    """FlatColumn[text]: the domain of an address (RFC 5322, with or without a name) in lower case; null where there is none."""
    return map_values(TEXT, _domain, address)


@scalar_kernel("hash")
def hash_(_: KernelCall, text: Column) -> Column:
    """FlatColumn[int64]: XXH3 of 64 bits of the UTF-8 text, as a signed number."""
    return map_values(INT, _hash, text)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        return parts if parts.hostname else None
    except ValueError:
        return None


def _host(url: str) -> str | None:
    parts = _parts(url)
    return parts.hostname if parts else None


def _parameter(url: str, name: str) -> str | None:
    parts = _parts(url)
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_PARAMETERS_MAX) if parts else []
    except ValueError:
        return None
    return dict(reversed(pairs)).get(name)


def _domain(address: str) -> str | None:
    _, at, domain = parseaddr(address)[1].rpartition("@")
    return domain.lower() if at and domain else None


def _hash(text: str) -> int:
    """As a signed number, which is what an int is."""
    number = xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
    return number - 2**64 if number >= 2**63 else number

"""What a plan may need of the backend that runs it."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """What a plan may need in addition to scan, filter, sort and take. The value is the name in error messages."""

    TEXT = "full text search"
    VECTOR = "vector search"
    FUSION = "fusion of rankings"
    FACETS = "facets"
    GROUPS = "summarize"
    LINKS = "following links"
    PAGES = "cursors"
    UNIONS = "unions"
    LOOKUPS = "lookups"
    DIVERSITY = "diversify"
    PASSAGES = "passages"
    LIKE = "match like"
    ANALYZE = "explain analyze"
    HISTORY = "reading the past"
    WINDOWS = "window functions"
    LISTS = "pipelines as lists"

"""Keywords of the language, by what they begin or precede. A test compares them with the grammar and the stage specs."""

from __future__ import annotations

STAGE_KEYWORDS = frozenset(
    "where find match near fuse sort take page select extend facet summarize follow "
    "drop rename skip distinct expand sample union lookup "
    "rerank collapse diversify passages cite budget".split()
)
STATEMENT_KEYWORDS = frozenset(
    "from explain let param collection put patch delete tx fn view use show describe alter drop "
    "dryrun snapshot verify zone resolve watch".split()
)
WATCH_EVENTS = ("enter", "change", "leave")
# After one of these, a word names a column, a collection or a value, even where it is a keyword itself.
NAME_PRECEDING_KEYWORDS = frozenset(
    "from where select extend sort by summarize facet follow match near let and or not in has any all "
    "fuse take page top fill depth after to explain analyze of watch "
    "drop rename skip distinct expand as sample seed lookup one many on "
    "collapse keep diversify passages".split()
)
PIPELINE_STAGES = frozenset({"fuse", "union"})  # stages whose brackets hold pipelines
MEMBERSHIP_KEYWORDS = frozenset(
    {"in", "any", "all"}
)  # brackets after one of these may hold a pipeline that gives a list

# Words of the grammar that begin neither a stage nor a statement.
CLAUSE_KEYWORDS = frozenset(
    "and or not in has any all by asc desc nulls first last as on one many fill previous linear top to like keep max seed "
    "set expect absent present of seq field fields its records add retype required unique default true false null "
    "depth after analyze".split()
)

MOMENTS = ("now", "today", "tomorrow", "yesterday")

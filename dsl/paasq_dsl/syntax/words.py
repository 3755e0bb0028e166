"""The words that statements and stages begin with. A test holds them against the grammar and the verbs."""

from __future__ import annotations

STAGE_WORDS = frozenset("where find match near fuse sort take page select extend facet summarize follow".split())
STATEMENT_WORDS = frozenset(
    "from explain let param collection put patch delete tx fn view use show describe alter drop "
    "dryrun snapshot verify".split()
)
PIPELINE_HOLDERS = frozenset({"fuse"})  # stages whose brackets hold pipelines

# Words of other query languages, and what stands for them here.
FOREIGN_STAGES = {
    "limit": "take", "head": "take", "top": "sort ... | take", "order": "sort", "filter": "where", "having": "where",
    "project": "select", "derive": "extend", "eval": "extend", "stats": "summarize", "aggregate": "summarize",
    "group": "summarize", "search": "find", "offset": "page", "knn": "near", "distinct": "summarize by",
}  # fmt: skip
FOREIGN_STATEMENTS = {"insert": "put", "update": "patch", "upsert": "put", "create": "collection", "table": "from",
                      "begin": "tx { ... }", "select": "from <collection> | select ..."}  # fmt: skip
FOREIGN_FUNCTIONS = {
    "len": "length", "size": "length", "strlen": "length", "substr": "substring", "mid": "substring", "mean": "avg",
    "average": "avg", "median": "percentile", "ifnull": "coalesce", "nvl": "coalesce", "iif": "if", "iff": "if",
    "case": "if", "pow": "power", "log": "ln", "str": "string", "to_string": "string", "distinct": "count_distinct",
    "date_trunc": "bucket", "bin": "bucket", "array_agg": "collect", "list": "collect", "strcat": "concat",
    "ceiling": "ceil", "includes": "contains", "isnull": "is_null", "cosine": "similarity",
}  # fmt: skip
FOREIGN_TYPES = {
    "str": "text", "varchar": "keyword", "integer": "int", "number": "float", "double": "float", "real": "float",
    "boolean": "bool", "datetime": "time", "timestamp": "time", "date": "time", "interval": "duration",
}  # fmt: skip

MOMENTS = ("now", "today", "tomorrow", "yesterday")

"""Words of other query languages (SQL, KQL, PRQL, Lucene, ES|QL and others), each with its equivalent in this language."""

from __future__ import annotations

DIALECT_STAGES = {
    "limit": "take", "head": "take", "top": "sort ... | take", "order": "sort", "filter": "where", "having": "where",
    "project": "select", "derive": "extend", "eval": "extend", "stats": "summarize", "aggregate": "summarize",
    "group": "summarize", "search": "find", "offset": "skip", "knn": "near", "dedup": "distinct", "unique": "distinct",
    "join": "lookup", "mv_expand": "expand", "unnest": "expand", "explode": "expand", "append": "union", "exclude": "drop",
    "keep": "select", "orderby": "sort", "order_by": "sort", "sortby": "sort", "sort_by": "sort", "groupby": "summarize by",
    "group_by": "summarize by", "fields": "select", "columns": "select", "assign": "extend", "mutate": "extend",
    "parse": "extend ... = extract(...)", "dissect": "extend ... = extract(...)", "grok": "extend ... = extract(...)",
    "enrich": "lookup", "lookup_join": "lookup",
    "first": "take", "tail": "sort ... | take", "last": "sort ... | take", "traverse": "follow", "expand_links": "follow",
    "highlight": "extend", "summarise": "summarize", "make": "summarize", "flatten": "expand", "vector": "near",
    "semantic": "near", "uniq": "distinct", "getschema": "show fields of ...", "and": "where", "or": "where",
}  # fmt: skip
DIALECT_STATEMENTS = {"insert": "put", "update": "patch", "upsert": "put", "create": "collection", "table": "from",
                      "begin": "tx { ... }", "select": "from <collection> | select ...", "desc": "describe",
                      "import": "use", "include": "use", "def": "fn", "function": "fn", "func": "fn", "const": "let",
                      "var": "let", "with": "let", "define": "collection", "relate": "put", "remove": "delete",
                      "erase": "forget", "purge": "forget", "shred": "forget",
                      "commit": "tx { ... }", "get": "from <collection>", "post": "put", "db": "from <collection>",
                      "match": "from <collection> | match ..."}  # fmt: skip
# Several words, in lower case and with no space where a `-` joins them.
DIALECT_PHRASES: dict[str, dict[tuple[str, ...], str]] = {
    "stage": {
        ("order", "by"): "sort", ("sort", "by"): "sort", ("group", "by"): "summarize by", ("sort", "on"): "sort",
        ("project", "-", "away"): "drop", ("project", "-", "rename"): "rename", ("project", "-", "keep"): "select",
        ("project", "-", "reorder"): "select", ("mv", "-", "expand"): "expand", ("make", "-", "series"): "summarize",
        ("union", "all"): "union", ("lookup", "join"): "lookup", ("left", "join"): "lookup many",
        ("inner", "join"): "lookup many",
    },
    "head": {
        ("insert", "into"): "put", ("put", "into"): "put", ("upsert", "into"): "put", ("create", "table"): "collection",
        ("create", "collection"): "collection", ("define", "table"): "collection", ("create", "view"): "view",
        ("create", "function"): "fn", ("create", "snapshot"): "snapshot", ("drop", "table"): "drop collection",
        ("remove", "table"): "drop collection", ("alter", "table"): "alter collection", ("show", "tables"): "show collections",
        ("describe", "table"): "describe", ("describe", "collection"): "describe",
        ("begin", "transaction"): "tx { ... }", ("delete", "where"): "delete from <collection> where",
    },
}  # fmt: skip
DIALECT_FUNCTIONS = {
    "len": "length", "size": "length", "strlen": "length", "string_size": "length", "char_length": "length",
    "array_length": "length", "cardinality": "length", "mv_count": "length", "substr": "substring", "mid": "substring",
    "tolower": "lower", "to_lower": "lower", "lowercase": "lower", "toupper": "upper",
    "to_upper": "upper", "uppercase": "upper", "initcap": "title_case", "ltrim": "trim_start", "rtrim": "trim_end",
    "lpad": "pad_start", "rpad": "pad_end", "padleft": "pad_start", "padright": "pad_end", "strcat": "concat",
    "concat_ws": "join", "string_agg": "collect", "strcat_array": "join", "array_to_string": "join", "mv_concat": "join",
    "replace_string": "replace", "regexp_replace": "replace_regex", "regex_replace": "replace_regex",
    "regexp_like": "matches", "regexp_matches": "extract_all", "rlike": "matches", "regexp_extract": "extract",
    "regexp_substr": "extract", "indexof": "index_of", "strpos": "index_of", "instr": "index_of", "locate": "index_of",
    "charindex": "index_of", "position": "index_of", "array_position": "index_of", "countof": "count_of",
    "includes": "contains", "startswith": "starts_with", "endswith": "ends_with", "str": "string",
    "to_string": "string", "tostring": "string", "toint": "int", "tolong": "int", "to_integer": "int", "todouble": "float",
    "toreal": "float", "to_double": "float", "tobool": "bool", "to_boolean": "bool", "todatetime": "time",
    "to_datetime": "time", "totimespan": "duration", "edit_distance": "levenshtein", "unaccent": "remove_accents",
    "parse_url": "url_host", "md5": "sha256", "sha2": "sha256", "hash_sha256": "sha256",
    "to_base64": "base64_encode", "from_base64": "base64_decode",
    "base64_encode_tostring": "base64_encode", "base64_decode_tostring": "base64_decode", "octet_length": "size_bytes",
    "byte_length": "size_bytes", "xxhash64": "hash", "strrev": "reverse", "printf": "format",
    "pow": "power", "log": "ln", "ceiling": "ceil", "truncate": "trunc", "sgn": "sign",
    "ifnull": "coalesce", "nvl": "coalesce", "iif": "if", "iff": "if", "nullif": "null_if", "isnull": "is_null",
    "isempty": "is_blank", "date_trunc": "start_of", "last_day": "end_of", "bin": "bucket", "date_bin": "bucket",
    "datetime_diff": "days_between", "date_diff": "days_between", "datediff": "days_between",
    "format_datetime": "format_time", "date_format": "format_time", "to_char": "format_time", "strftime": "format_time",
    "date_parse": "parse_time", "to_timestamp": "parse_time", "strptime": "parse_time", "make_datetime": "time_from_parts",
    "make_date": "time_from_parts", "unix_timestamp": "to_unix", "from_unixtime": "from_unix", "getmonth": "month",
    "monthofyear": "month", "getyear": "year", "hourofday": "hour", "dayofweek": "weekday", "dayofmonth": "day",
    "dayofyear": "day_of_year", "week_of_year": "week", "weekofyear": "week",
    "array_sort": "sort_list", "array_sort_asc": "sort_list", "mv_sort": "sort_list", "array_reverse": "reverse",
    "array_slice": "slice", "mv_slice": "slice", "array_concat": "append", "mv_append": "append",
    "array_distinct": "distinct_list", "mv_dedupe": "distinct_list", "set_union": "union_of",
    "set_intersect": "intersection", "set_difference": "difference", "array_sum": "list_sum", "mv_sum": "list_sum",
    "mv_avg": "list_avg", "mv_min": "list_min", "mv_max": "list_max", "mv_first": "first", "mv_last": "last",
    "cosine": "similarity", "series_cosine_similarity": "similarity", "dot_product": "dot", "l2_norm": "norm",
    "l2_distance": "distance", "mean": "avg", "average": "avg", "dcount": "count_distinct", "distinct": "count_distinct",
    "countif": "count_if", "sumif": "sum_if", "avgif": "avg_if", "stdev": "stddev", "std_dev": "stddev",
    "stddev_samp": "stddev", "var_samp": "variance", "corr": "correlation", "regr_slope": "slope",
    "arg_max": "max_by", "arg_min": "min_by", "argmax": "max_by", "argmin": "min_by", "array_agg": "collect",
    "make_list": "collect", "list": "collect", "make_set": "collect_distinct", "values": "collect_distinct",
    "take_any": "first_value", "any_value": "first_value", "bool_and": "all", "bool_or": "any", "every": "all",
    "prev": "lag", "previous": "lag", "shift": "lag", "next": "lead", "diff": "delta", "derivative": "rate",
    "cumsum": "running_sum", "row_cumsum": "running_sum", "cumulative_sum": "running_sum", "cummax": "running_max",
    "cummin": "running_min", "rolling_sum": "moving_sum", "rolling_avg": "moving_avg", "rolling_mean": "moving_avg",
    "moving_average": "moving_avg", "moving_mean": "moving_avg", "rolling_min": "moving_min", "rolling_max": "moving_max",
    "rolling_median": "moving_median", "ewma": "ema", "ewm_mean": "ema", "ffill": "fill_previous",
    "ratio_to_report": "share", "row_rank_min": "rank", "row_rank_dense": "dense_rank", "row_index": "row_number",
}  # fmt: skip
DECIMAL_TYPES = frozenset({"decimal", "numeric", "money", "currency"})  # no type here is exact and has a fraction
DIALECT_TYPES = {
    "blob": "bytes", "binary": "bytes", "bytea": "bytes", "varbinary": "bytes",
    "str": "text", "varchar": "keyword", "integer": "int", "number": "float", "double": "float", "real": "float",
    "boolean": "bool", "list": "[keyword]", "array": "[keyword]", "uuid": "keyword", "guid": "keyword", "char": "keyword",
    "long": "int", "bigint": "int", "smallint": "int", "short": "int", "int32": "int", "int64": "int", "integer64": "int",
    "float64": "float", "dense_vector": "vector(384)", "embedding": "vector(384)",
    "timespan": "duration", "timestamptz": "time", "longtext": "text",
    "datetime": "time", "timestamp": "time", "date": "time", "interval": "duration",
}  # fmt: skip
# Words inside a stage or a statement.
DIALECT_CLAUSE_KEYWORDS = {
    "ascending": "asc", "descending": "desc", "column": "field", "values": "from", "exists": "present", "using": "on",
    "table": "collection", "tables": "collections", "missing": "absent",
}  # fmt: skip
# Names of values; a call of one without arguments is treated the same.
DIALECT_LITERALS = {
    "None": "null", "NULL": "null", "Null": "null", "nil": "null", "undefined": "null", "True": "true", "TRUE": "true",
    "False": "false", "FALSE": "false", "now": "@now", "NOW": "@now", "today": "@today", "yesterday": "@yesterday",
    "tomorrow": "@tomorrow", "utcnow": "@now", "current_timestamp": "@now", "CURRENT_TIMESTAMP": "@now",
    "current_date": "@today", "CURRENT_DATE": "@today", "getdate": "@now", "curdate": "@today",
}  # fmt: skip

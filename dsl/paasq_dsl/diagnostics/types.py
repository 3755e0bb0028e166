"""Types, and numbers of arguments."""

TYPES = {
    "PQ0301": "{function} takes {expected}, not {found}",
    "PQ0302": "{left} and {right} can't be compared",
    "PQ0303": "{operator} needs {expected}, not {found}",
    "PQ0304": "{what} must be {expected}, not {found}",
    "PQ0305": "{name} is a list: ask with {better}, not {operator}",
    "PQ0306": "{function} summarises many rows: write extend x = {function}(...) or summarize x = {function}(...), then use x",
    "PQ0307": "{function} gives a value for each row, not for a group: wrap it in an aggregate such as {better}",
    "PQ0308": "this is text: a time is written {better}",
    "PQ0309": "has looks into a list, and {name} is {type}",
    "PQ0310": "{name} is {type}, which leads to no record: only a link can be followed",
    "PQ0311": "+ adds numbers, or a duration to a time; texts are joined by concat(a, b)",
    "PQ0312": "{found} is more than a float can hold",
    "PQ0313": "a list holds no objects: make them records of a collection of their own, and this a list of links to them",
    "PQ0314": "{name} is an object: name what is in it, such as {example}",
    "PQ0315": "{name} is an object: it is given {form}, null or a parameter",
    "PQ0316": "{name} is {type}, which has no members",
    "PQ0317": "bytes have no order: they are equal, or not",
    "PQ0318": "numbers are subtracted here: a date is written {better}",
}

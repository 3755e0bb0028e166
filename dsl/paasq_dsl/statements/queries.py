"""from, explain and watch: queries, their plans, and continuous queries."""

from __future__ import annotations

from paasq_dsl.statements.shared_roles import source_role
from paasq_dsl.statements.spec import StatementSpec

STATEMENTS = (
    StatementSpec(
        "from", "from collection[:key] | stage | ...",
        "A query: the records of a collection, or the rows of a let, through stages.",
        role=source_role,
    ),
    StatementSpec(
        "explain", "explain [analyze] from ...",
        "Shows the plan of a query; with analyze it also runs it and counts.",
        role=source_role,
        words={
            "analyze": "Run the query and show what came beside what was estimated.",
        },
    ),
    StatementSpec(
        "watch", "watch from collection[:key] | stage | ... [emit enter, change, leave] [after seq | cursor]",
        "Pushes what enters, changes in and leaves the result of a query, as it happens; after goes on from "
        "where an earlier watch ended.",
        role=source_role,
        words={
            "emit": "Which events a watch pushes, all where nothing is said.",
            "enter": "A row has come into the result.",
            "change": "A row of the result shows another value.",
            "leave": "A row has left the result.",
        },
    ),
)  # fmt: skip

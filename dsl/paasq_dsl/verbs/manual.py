"""What the manual takes from the registry: the index of stages, `python -m paasq_dsl.verbs.manual > docs/stages.md`, and
the head of each stage's page, which a test compares and UPDATE=1 writes."""

from __future__ import annotations

import sys

from paasq_dsl.verbs import VERBS
from paasq_dsl.verbs.verb import Verb

HAND = "<!-- Above: from the registry. Below: by hand. -->\n"
_HEAD = """# Stages

<!-- Made from the registry by `python -m paasq_dsl.verbs.manual`; a test holds it to that. -->

A query is a source, `from collection`, and stages parted by `|`. Each takes the rows of the one before it. Expressions in
them are made of fields, literals, parameters `$name`, operators and [functions](functions.md).

Each page says what columns come out, what becomes of order and null, how the stage runs, and what it is called in KQL,
ES|QL, PRQL and SQL."""


def stages_page() -> str:
    return "\n\n".join([_HEAD, *map(_entry, VERBS)]) + "\n"


def stage_head(verb: Verb) -> str:
    return f"# {verb.word}\n\n```text\n{verb.form}\n```\n\n{verb.doc}\n\n"


def _entry(verb: Verb) -> str:
    return f"- [{verb.word}](stages/{verb.word}.md) `{verb.form}`  \n  {verb.doc.partition('. ')[0].rstrip('.')}."


if __name__ == "__main__":
    sys.stdout.write(stages_page())

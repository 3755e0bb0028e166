"""The manual's page of stages, from the registry: `python -m paasq_dsl.verbs.manual > docs/stages.md`."""

from __future__ import annotations

import sys

from paasq_dsl.verbs import VERBS
from paasq_dsl.verbs.verb import Verb

_HEAD = """# Stages

<!-- Made from the registry by `python -m paasq_dsl.verbs.manual`; a test holds it to that. -->

A query is a source, `from collection`, and stages parted by `|`. Each takes the rows of the one before it. Expressions in
them are made of fields, literals, parameters `$name`, operators and [functions](functions.md)."""


def stages_page() -> str:
    contents = "\n".join(f"- [{verb.word}](#{verb.word}): {_first_sentence(verb)}" for verb in VERBS)
    return "\n\n".join([_HEAD, contents, *map(_entry, VERBS)]) + "\n"


def _first_sentence(verb: Verb) -> str:
    return verb.doc.partition(". ")[0].rstrip(".")


def _entry(verb: Verb) -> str:
    return f"## {verb.word}\n\n`{verb.form}`\n\n{verb.doc}\n\n```paasq\n{verb.example}\n```"


if __name__ == "__main__":
    sys.stdout.write(stages_page())

"""The catalog that tests of the language bind_script against."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from paasq_daemon.wire.project_modules import module_resolver
from paasq_dsl.binder.imports import IMPORT_DEPTH_MAX
from paasq_dsl.binder.script import bind_script
from paasq_dsl.catalog import Catalog, View
from paasq_dsl.syntax.parser import parse_script

SAMPLES = Path(__file__).parents[1] / "samples"
OWN = """
/// What the functions' examples count.
collection sample { key id: keyword kind: keyword n: int title: text body: text };
/// No text and no vector.
collection plain { key id: keyword n: int };
/// An object, and bytes.
collection place {
  key id: keyword  at: {lat: float required lon: float name: text(en)}  photo: bytes  next: link<place>
};
/// Two vectors.
collection twofold { key id: keyword title: text one: vector(3) two: vector(3) };
"""


@cache
def catalog() -> Catalog:
    """The collections of the samples, and a few of odd shapes."""
    texts = [(SAMPLES / name / "schema.paasq").read_text("utf-8") for name in ("peps", "assistant")]
    script, wrong = parse_script("\n".join([*texts, OWN]))
    bound = bind_script(script, Catalog())
    assert not wrong, wrong
    assert not bound.diagnostics, bound.diagnostics
    return bound.catalog.with_view(View("stale", "from plain | where gone > 1"))


MODULES = {
    "lib/mail.paasq": "param $most: int = 5;",
    "undeclared": "fn f(n: int): int = n + $more;",
    "broken": "fn f(n: int): int = n +;",
    "lib/circle.paasq": 'use "circle.paasq" as circle;',
    **{f"deep/{n}": f'use "{n + 1}" as deeper;' for n in range(1, IMPORT_DEPTH_MAX + 1)},
    f"deep/{IMPORT_DEPTH_MAX + 1}": "",
}
modules = module_resolver(MODULES)

"""A backend says first what it can't do. The reference implements the same interface as the engine."""

from __future__ import annotations

import pytest

from paasq_daemon.backends.backend import Backend, ExecutionInputs
from paasq_daemon.compiler import Compiler, PreparedQuery
from paasq_daemon.operators.capability import Capability
from paasq_daemon.wire.errors import CapabilityMissing
from paasq_dsl.binder.script import bind_script
from paasq_dsl.catalog import Catalog
from paasq_dsl.syntax.parser import parse_script
from properties.worlds import plain_vector
from reference.backend import ReferenceBackend
from reference.records import Records

SCHEMA = "collection note { key id: keyword body: text see: link<note> n: int v: vector(auto) from body };"

NEEDS = {
    'from note | match "a"': Capability.TEXT,
    'from note | near to "a"': Capability.VECTOR,
    'from note | find "a"': Capability.FUSION,
    "from note | facet n": Capability.FACETS,
    "from note | summarize count()": Capability.GROUPS,
    "from note | follow see": Capability.LINKS,
    "from note | where 1 + see->n > 3": Capability.LINKS,
    "from note | sort see->n": Capability.LINKS,
    "from note | page 3": Capability.PAGES,
    "from note | extend x = 1 + lag(n) by id": Capability.WINDOWS,
    "from note | match like note:a": Capability.LIKE,
    'from note | match "a" | passages body': Capability.PASSAGES,
    'from note | near to "a" | diversify': Capability.DIVERSITY,
    "explain analyze from note": Capability.ANALYZE,
    'from note | fuse rrf (a: match "x" | where see->n == 1, b: match "y")': Capability.LINKS,
    "delete from note where see->n == 1": Capability.LINKS,
    "from note | where id in (from note | select id)": Capability.LISTS,
    'from note | sort id in (from note | match "a" | select id)': Capability.TEXT,
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return bind_script(parse_script(SCHEMA)[0], Catalog()).catalog


@pytest.mark.parametrize("text", NEEDS)
def test_what_is_missing_is_said_by_name(catalog: Catalog, text: str) -> None:
    missing = NEEDS[text]
    backend: Backend = ReferenceBackend(Records(catalog, plain_vector), frozenset(Capability) - {missing}, "small")
    with pytest.raises(CapabilityMissing, match=f"the backend small has no {missing}"):
        Compiler(backend).compile(text, catalog, "<query>")


def test_all_that_is_missing_is_said_at_once(catalog: Catalog) -> None:
    backend = ReferenceBackend(Records(catalog, plain_vector), frozenset(), "bare")
    with pytest.raises(CapabilityMissing, match="has no facets, full text search, summarize"):
        Compiler(backend).compile('from note | match "a" | facet n | summarize count()', catalog, "<query>")


def test_what_needs_nothing_runs_on_the_barest(catalog: Catalog) -> None:
    records = Records(catalog, plain_vector)
    for key, n in (("a", 1), ("b", 2), ("a", 3)):
        records.put("note", {"id": key, "body": None, "see": None, "n": n})
    backend = ReferenceBackend(records, frozenset(), "bare")
    lookup = Compiler(backend).compile("from note | where n > 1 | sort n desc | select id, n", catalog, "<query>")
    (step,) = lookup.compiled.statements
    assert isinstance(step, PreparedQuery)
    assert step.plan.execute(ExecutionInputs(lookup.literals, {}, 0)).rows == [["a", 3], ["b", 2]]

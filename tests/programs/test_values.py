"""The values of a field, which completion offers."""

from __future__ import annotations

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import InvalidValue


def test_the_most_frequent_first(instance: Instance) -> None:
    assert instance.catalog.values("note", "tags", "", 9) == [("x", 1), ("y", 1)]
    assert instance.catalog.values("note", "mail", "M", 1) == [("m1", 1)]


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("mial", "did you mean mail?"),
        ("tag", "did you mean tags?"),
        ("n", "such are id, who, mail, tags"),
        ("title", "such are id, who, mail, tags"),
    ],
)
def test_a_field_without_values_names_those_that_have_some(instance: Instance, field: str, hint: str) -> None:
    with pytest.raises(InvalidValue, match=f"note.{field} is not a field of keywords or links") as refused:
        instance.catalog.values("note", field, "", 9)
    assert refused.value.hint == hint

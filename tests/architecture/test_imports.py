"""No circles. Which package may import which stands in pyproject.toml, and `lint-imports` looks after it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def test_no_module_imports_itself_in_a_circle() -> None:
    """Imports inside functions count; those that only the type checker reads do not."""
    graph = grimp.build_graph(
        "paasq_dsl", "paasq_daemon", "paasq", "paasq_editor", exclude_type_checking_imports=True, cache_dir=None
    )
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))

"""No import cycles. Which package may import which is in pyproject.toml, and checked by `lint-imports`."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def test_no_module_imports_itself_in_a_circle() -> None:
    """Imports inside functions count, and those that only the type checker reads."""
    graph = grimp.build_graph("paasq_dsl", "paasq_daemon", "paasq", "paasq_editor", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))

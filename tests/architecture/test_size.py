"""Modules and functions that fit into a head."""

from __future__ import annotations

import ast

from architecture.code import PACKAGE_FOLDERS, ROOT, functions, modules

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
EVERYTHING = (*PACKAGE_FOLDERS, ROOT / "tests")


def test_no_module_is_too_long() -> None:
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules(*EVERYTHING)}
    assert {path: count for path, count in lines.items() if count > MODULE_LINES_MAX} == {}


def test_no_function_is_too_long() -> None:
    lines = {
        f"{path}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path, tree in modules(*EVERYTHING).items()
        for function in functions(tree)
    }
    assert {place: count for place, count in lines.items() if count > FUNCTION_LINES_MAX} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [path for path, tree in modules(*PACKAGE_FOLDERS).items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []

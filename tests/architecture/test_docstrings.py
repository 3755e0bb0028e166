"""What is public says what it gives: shapes, dtypes, units, order, errors, and the source of a formula."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from architecture.code import PACKAGE_FOLDERS, modules

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
RULES = Path("dsl/paasq_dsl/syntax/expression_builder.py")  # methods that Lark calls, one a grammar rule


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node


BASES = {"Node"}  # what derives from one need not say again what its methods promise


def is_contract(node: ast.ClassDef) -> bool:
    """A protocol, an abstract class or another base: what implements its methods need not say again what they promise."""
    names = {base.id for base in node.bases if isinstance(base, ast.Name)}
    return (
        node.name in BASES
        or bool(names & {"Protocol", "ABC"})
        or any(
            isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name) and base.value.id == "Protocol"
            for base in node.bases
        )
    )


def promised(trees: dict[Path, ast.Module]) -> frozenset[str]:
    """Names of methods that a contract documents."""
    classes = (node for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef))
    return frozenset(
        method.name
        for node in classes
        if is_contract(node)
        for method in public(node.body)
        if ast.get_docstring(method)
    )


def silent(path: Path, tree: ast.Module, known: frozenset[str]) -> Iterator[str]:
    for node in public(tree.body):
        if not ast.get_docstring(node):
            yield f"{path}:{node.lineno} {node.name}"
        if isinstance(node, ast.ClassDef) and not path.is_relative_to(RULES):
            for method in public(node.body):
                if not ast.get_docstring(method) and method.name not in known:
                    yield f"{path}:{method.lineno} {node.name}.{method.name}"


def test_what_is_public_is_documented() -> None:
    trees = modules(*PACKAGE_FOLDERS)
    known = promised(trees)
    assert [line for path, tree in trees.items() for line in silent(path, tree, known)] == []


def test_the_test_sees_what_is_silent() -> None:
    tree = ast.parse(
        'class A:\n  "a"\n  def said(self): "x"\n  def silent(self): ...\n  def _own(self): ...\ndef f(): ...'
    )
    assert list(silent(Path("x.py"), tree, frozenset())) == ["x.py:4 A.silent", "x.py:6 f"]

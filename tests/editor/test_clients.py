"""The clients: Neovim shows an error; the grammar and the lock file of VS Code's extension are as they should be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lark import Lark

from editor.library import SAMPLES, SCRIPTS
from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service.keyword_docs import (
    KEYWORD_DOCS,
    MOMENT_DOCS,
    TYPE_DOCS,
)
from paasq_dsl.stages import STAGES, budget, diversify
from paasq_dsl.statements import STATEMENT_BY_KEYWORD
from paasq_dsl.syntax.keywords import MOMENTS, STAGE_KEYWORDS, STATEMENT_KEYWORDS
from paasq_editor.analysis import DocumentAnalysis

CLIENTS = Path(__file__).parents[2] / "editor"
VSCODE = CLIENTS / "vscode"
NOT_WORDS = {"NAME", "STRING", "NUMBER", "PARAM", "REF", "TIME", "DURATION", "WS", "COMMENT"}


def _word_terminals() -> set[str]:
    """The words of the grammar that are neither statements nor stages."""
    text = (CLIENTS.parent / "dsl" / "paasq_dsl" / "syntax" / "grammar.lark").read_text("utf-8")
    terminals = Lark(text, parser="lalr", start=["head", "stage", "emission"], maybe_placeholders=True).terminals
    named = {t.name for t in terminals if t.name not in NOT_WORDS}
    words = {str(t.pattern.value) for t in terminals if t.name in named and t.pattern.type == "str"}
    words |= {found[0] for t in terminals if t.name in named and (found := re.match(r"[a-z]+", str(t.pattern.value)))}
    return {w for w in words if w.isalpha()} - STAGE_KEYWORDS - STATEMENT_KEYWORDS


def test_every_word_has_its_sentence() -> None:
    assert set(KEYWORD_DOCS) - STAGE_KEYWORDS - STATEMENT_KEYWORDS == _word_terminals()
    assert set(STATEMENT_BY_KEYWORD) == STATEMENT_KEYWORDS
    for spec in STAGES:
        assert all(option in spec.options for method in spec.methods.values() for option in method.options)
    assert diversify.STAGE.options.keys() == diversify.OPTIONS.keys()
    assert budget.STAGE.options.keys() == budget.LIMITS.keys()
    assert set(MOMENT_DOCS) == set(MOMENTS)


@pytest.mark.parametrize("name", TYPE_DOCS)
def test_every_type_is_one(name: str) -> None:
    written = {"link": "link<a>", "vector": "vector(auto) from id"}.get(name, name)
    assert DocumentAnalysis(f"collection a {{ key id: keyword f: {written} }}", Catalog()).diagnostics == ()


def test_grammar_is_current() -> None:
    subprocess.run([sys.executable, str(VSCODE / "scripts" / "grammar.py"), "--check"], check=True)


def test_grammar_has_no_pattern_that_fails() -> None:
    patterns = json.loads((VSCODE / "syntaxes" / "paasq.tmLanguage.json").read_text("utf-8"))["patterns"]
    text = "".join(script.read_text("utf-8") for script in SCRIPTS)
    unused = [p.get("name") for p in patterns if not re.search(p.get("match", p.get("begin")), text, re.MULTILINE)]
    assert set(unused) <= {"comment.block.paasq", "string.quoted.triple.paasq", "variable.other.quoted.paasq"}


def test_lock_file_names_no_registry() -> None:
    locked = json.loads((VSCODE / "package-lock.json").read_text("utf-8"))
    assert locked["packages"]
    assert not [name for name, package in locked["packages"].items() if "resolved" in package]


def test_neovim_shows_an_error(tmp_path: Path) -> None:
    neovim = shutil.which("nvim")
    if neovim is None:
        pytest.skip("nvim is not installed")
    shutil.copy(SAMPLES / "assistant" / "schema.paasq", tmp_path)
    broken = tmp_path / "broken.paasq"
    broken.write_text("from task\n| where dne;\n", "utf-8")
    server = [sys.executable, "-m", "paasq_editor", "--stdio", "--data", str(tmp_path / "none")]
    script = tmp_path / "look.lua"
    script.write_text(
        f"vim.g.paasq_server = vim.json and vim.fn.json_decode([==[{json.dumps(server)}]==])\n"
        f"dofile([==[{CLIENTS / 'nvim' / 'paasq.lua'}]==])\n"
        f"vim.cmd('edit {broken}')\n"
        "vim.wait(15000, function() return #vim.diagnostic.get(0) > 0 end, 50)\n"
        "for _, d in ipairs(vim.diagnostic.get(0)) do print(d.lnum, d.col, d.message) end\n"
        "vim.cmd('qa!')\n",
        "utf-8",
    )
    done = subprocess.run(
        [neovim, "--headless", "-u", "NONE", "-i", "NONE", "-S", str(script)],
        capture_output=True, text=True, timeout=40, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert "1 8 task has no field dne; perhaps done" in " ".join(done.stderr.split())

"""`paasq manual --for-model`: the language and a store's schema in a prompt's 2,000 tokens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paasq_daemon.cli.main import main
from paasq_daemon.wire.token_estimate import json_characters, tokens_of
from paasq_dsl.binder.script import bind_script
from paasq_dsl.catalog import Catalog
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.model_manual import model_manual
from paasq_dsl.schema.script import declared_schema
from paasq_dsl.schema.summary import schema_summary
from paasq_dsl.stages import STAGES
from paasq_dsl.syntax.parser import parse_script
from server.sample_daemon import fill

SAMPLES = Path(__file__).parents[2] / "samples"
TOKENS_MAX = 2_000
FIELDS = "\n".join(f"/// What {name} says, at length.\n{name}: text(en)" for name in ("first", "second", "third"))
MANY = "".join(f"/// Things of kind {n}.\ncollection kind{n} {{ key id: keyword {FIELDS} }};" for n in range(300))


def catalog_of(text: str) -> Catalog:
    catalog, wrong = declared_schema(text)
    assert not wrong
    return catalog


def sample(name: str) -> Catalog:
    return catalog_of((SAMPLES / name / "schema.paasq").read_text("utf-8"))


CATALOGS = {
    "assistant": sample("assistant"),
    "peps": sample("peps"),
    "none": Catalog(),
    "twenty": catalog_of(MANY[: MANY.index("/// Things of kind 20.")]),
    "three hundred": catalog_of(MANY),
}


@pytest.mark.parametrize("name", CATALOGS)
def test_it_fits_into_two_thousand_tokens_and_names_everything(name: str) -> None:
    manual = model_manual(CATALOGS[name])
    assert len(manual) / 4 <= TOKENS_MAX
    assert tokens_of(len(manual)) <= TOKENS_MAX
    for stage in STAGES:
        assert f"- {stage.synopsis}" in manual
    words = set(manual.replace("(", " ").split())
    assert set(FUNCTIONS) <= words


def test_that_of_the_samples_explains_the_most_used_stages_and_every_field() -> None:
    manual = model_manual(CATALOGS["assistant"])
    assert "- where condition: Keeps the rows for which the condition is true" in manual
    assert "- summarize " in manual.partition("## Functions")[0]
    assert "labels [keyword], unread bool" in manual
    assert (
        tokens_of(json_characters(manual)) <= TOKENS_MAX + 100
    )  # sent as JSON, where each line's end is two characters


def test_it_is_the_same_for_the_same_catalog() -> None:
    assert model_manual(sample("assistant")) == model_manual(sample("assistant"))


@pytest.mark.parametrize("name", ["assistant", "peps", "twenty"])
def test_its_examples_hold_in_the_store(name: str) -> None:
    examples = model_manual(CATALOGS[name]).partition("## Examples\n")[2].splitlines()
    assert examples
    for text in examples:
        script, wrong = parse_script(text)
        assert not wrong
        assert bind_script(script, CATALOGS[name]).diagnostics == (), text


@pytest.mark.parametrize(
    ("room", "has", "lacks"),
    [
        (10_000, "  first: What first says, at length.", ""),
        (2_200, "first text(en), second text(en)", "What first says"),
        (1_500, "id, first, second, third", "text(en)"),
        (200, "kind0, kind1", "first"),
    ],
)
def test_a_schema_loses_docs_then_types_then_fields(room: int, has: str, lacks: str) -> None:
    told = schema_summary(CATALOGS["twenty"], room)
    assert len(told) <= room
    assert has in told
    assert not lacks or lacks not in told


def test_the_command_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "data")

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["paasq", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    assert run("manual", "--for-model", "--data", str(tmp_path / "data")) == model_manual(CATALOGS["assistant"])
    assert "It has no collections yet." in run("manual", "--for-model", "--data", str(tmp_path / "none"))
    assert {"# Stages", "# Functions"} <= set(run("manual").splitlines())

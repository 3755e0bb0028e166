"""Every script under samples/ runs on its data, and its queries find something."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import pytest

from paasq_daemon.cli.script_steps import ScriptStep, steps
from paasq_daemon.instance import Instance
from paasq_daemon.wire.project_modules import ProjectModules
from paasq_daemon.wire.request import Request
from paasq_dsl.source_text import SourceText
from tokens import assert_tokens_counted

SAMPLES = Path(__file__).parents[2] / "samples"
PASSAGES = 2_000  # of 18,353: enough for every query of the tour to find something
ORDER = {
    "assistant": ("schema.paasq", "data.paasq", "day.paasq", "week.paasq", "watch.paasq"),
    "peps": ("schema.paasq", "tour.paasq"),
}


def test_every_script_has_its_place() -> None:
    assert {str(p.relative_to(SAMPLES)) for p in SAMPLES.rglob("*.paasq")} == {
        f"{folder}/{name}" for folder, names in ORDER.items() for name in names
    } | {"assistant/lib/work.paasq"}  # a module, which day.paasq uses


@pytest.mark.parametrize("folder", ORDER)
def test_scripts_run(folder: str, tmp_path: Path) -> None:
    instance = Instance.open(tmp_path / "data", sync=False)
    try:
        schema, *others = ORDER[folder]
        modules = ProjectModules(SAMPLES / folder / others[-1])
        instance.engine.query(Request((SAMPLES / folder / schema).read_text()))
        _import(instance, folder)
        for name in others:
            for step in _steps(folder, name):
                texts = modules.read_all(step.text)
                request = Request(step.text, source_name=name, modules=texts)
                if step.is_watch:
                    assert instance.watch(request).next_events(), step.title
                    continue
                told = instance.engine.query(request)
                assert len(told), step.title
                assert_tokens_counted(told)
    finally:
        instance.close()


def _steps(folder: str, name: str) -> Iterator[ScriptStep]:
    return steps(SourceText((SAMPLES / folder / name).read_text(), name))


def _import(instance: Instance, folder: str) -> None:
    for file in sorted((SAMPLES / folder).glob("*.jsonl.gz"), reverse=True):
        collection = file.name.partition(".")[0].rstrip("s")
        with gzip.open(file) as lines:
            records = [orjson.loads(line) for line in islice(lines, PASSAGES)]
        for start in range(0, len(records), 1_000):
            instance.records.put(collection, records[start : start + 1_000])
    if instance.status.report()["collections"].keys() & {"pep", "passage"}:
        instance.embedding.run(seconds_max=4, collection="pep")
        instance.embedding.run(seconds_max=2, collection="passage")

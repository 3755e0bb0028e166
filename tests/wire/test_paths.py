from __future__ import annotations

from pathlib import Path

import pytest

from paasq_daemon.wire.default_paths import default_folder, socket_path


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PAASQ_DATA": "/a", "XDG_DATA_HOME": "/b"}, "/a"),
        ({"XDG_DATA_HOME": "/b"}, "/b/paasq"),
        ({}, "/home/ana/.local/share/paasq"),
    ],
)
def test_default_folder(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    for name in ("PAASQ_DATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/ana", **environment}.items():
        monkeypatch.setenv(name, value)
    assert default_folder() == Path(expected)
    assert socket_path(default_folder()) == Path(expected) / "paasq.sock"

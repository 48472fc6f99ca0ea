"""The bar shows where somebody looks, and nowhere else."""

from __future__ import annotations

import pytest

from scaling_lib.evidence.progress import progress


class Terminal:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("delay", [0.0, 2.0])
def test_a_terminal_gets_a_bar_when_it_takes_long(monkeypatch: pytest.MonkeyPatch, delay: float) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("scaling_lib.evidence.progress.DELAY_S", delay)
    assert list(progress(["a", "b", "c"], "Reading logs", "file")) == ["a", "b", "c"]
    assert ("Reading logs" in terminal.text) == (delay == 0)


def test_elsewhere_there_is_none(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaling_lib.evidence.progress.DELAY_S", 0.0)
    monkeypatch.setenv("SCALING_HEADLESS", "1")
    assert list(progress([1, 2, 3], "Reading logs", "file")) == [1, 2, 3]
    assert capfd.readouterr() == ("", "")

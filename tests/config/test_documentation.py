"""What the operator reads is what the code does."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_stands_in_the_operators_table() -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    missing = [each.name.upper() for each in fields(Settings) if f"`{each.name.upper()}`" not in page]
    assert missing == []


def test_every_module_in_the_readme_and_docs_exists() -> None:
    """Paths of ours that stand in backticks lead somewhere."""
    lost = []
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for piece in page.read_text(encoding="utf-8").split("`")[1::2]:
            if piece.endswith((".py", ".md", "/")) and piece.split("/")[0] in {"config", "docs", "tests", "benchmarks"}:
                lost += [] if (ROOT / piece).exists() else [f"{page.name}: {piece}"]
    assert lost == []

"""What newcomers and operators read is what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask

from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
FOLDERS = {"config", "docs", "tests", "benchmarks", "matching", "identity_provider", "support_console", "migrations"}
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]+")


def test_every_setting_stands_in_the_operators_table() -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    missing = [each.name.upper() for each in fields(Settings) if f"`{each.name.upper()}`" not in page]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_paths_of_ours_lead_somewhere(page: Path) -> None:
    pieces = [piece.strip("/") for piece in page.read_text(encoding="utf-8").split("`")[1::2]]
    lost = [
        piece
        for piece in pieces
        if piece.split("/")[0] in FOLDERS and re.fullmatch(r"[\w./-]+", piece) and not (ROOT / piece).exists()
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_and_option_that_is_written_down_exists(page: Path, app: Flask) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"flask --app wsgi ([^\n`|]+)", text):
        command: click.Command | None = app.cli
        words = line.split()
        while words and isinstance(command, click.Group) and not words[0].startswith("-"):
            command = command.get_command(click.Context(command), words.pop(0))
        assert command is not None, line
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
        assert set(OPTION.findall(" ".join(words))) <= known, line

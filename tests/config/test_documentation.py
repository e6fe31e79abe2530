"""What newcomers and operators read is what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask

from config.serving import Serving
from config.settings import Settings
from identity_provider.domain.access import StaffRole

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
FOLDERS = {"config", "docs", "tests", "benchmarks", "matching", "identity_provider", "support_console", "migrations"}
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]+")


def test_every_setting_stands_in_the_operators_table() -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    every = (*fields(Settings), *fields(Serving))
    missing = [each.name.upper() for each in every if f"`{each.name.upper()}`" not in page]
    assert missing == []


def test_every_option_of_a_service_is_told_to_those_who_need_it(app: Flask) -> None:
    pages = "".join(
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("client-settings.md", "onboarding.md")
    )
    clients = app.cli.commands["clients"]
    assert isinstance(clients, click.Group)
    options = [
        {*each.opts, *each.secondary_opts} for each in clients.commands["add"].params if each.opts[0] != "client_id"
    ]
    assert [sorted(each) for each in options if not any(re.search(rf"{name}\b", pages) for name in each)] == []


def test_the_page_for_staff_says_what_each_role_may() -> None:
    page = (ROOT / "docs" / "helpdesk.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| [\w ]+ \| `(\w+)` \|", page, re.MULTILINE) == [role.value for role in StaffRole]


def anchors_of(page: Path) -> set[str]:
    """What its headings are called in links, as GitHub and other forges make it of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_pages_of_ours_lead_to_their_place(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" not in path:
            there = page.parent / path if path else page
            assert there.exists(), link
            assert not anchor or anchor in anchors_of(there), link


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

"""The sandbox's secrets: made once, private, and completed when a new one is needed."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import asdict
from pathlib import Path

from identity_provider.sandbox.keys import Keys


def test_keys_are_random_once_and_the_same_ever_after(tmp_path: Path) -> None:
    first = Keys.kept_in(tmp_path / "secrets.json")
    assert Keys.kept_in(tmp_path / "secrets.json") == first
    assert first != Keys.kept_in(tmp_path / "another.json")
    assert len(set(asdict(first).values())) == len(asdict(first))


def test_only_we_can_read_them_and_no_log_can_show_them(tmp_path: Path) -> None:
    keys = Keys.kept_in(tmp_path / "secrets.json")
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert repr(keys) == "Keys(…)"


def test_a_key_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = Keys.kept_in(path)
    path.write_text(json.dumps({**asdict(first), "dqt_api_key": ""}))
    again = Keys.kept_in(path)
    assert again.dqt_api_key not in {"", first.dqt_api_key}
    assert again.secret_key == first.secret_key


def test_client_secrets_mean_the_same_however_a_library_encodes_them(tmp_path: Path) -> None:
    """Some form-encode the secret in HTTP Basic and some do not (reference: relying services, R3)."""
    keys = Keys.kept_in(tmp_path / "secrets.json")
    assert re.fullmatch(r"[\w-]{32,}", keys.npq_client_secret, re.ASCII)

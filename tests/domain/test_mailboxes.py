"""Which addresses several people read."""

from __future__ import annotations

import pytest

from identity_provider.domain.mailboxes import is_shared


@pytest.mark.parametrize(
    "address",
    [
        "headteacher@school.sch.uk",
        "Office@school.sch.uk",
        "head.teacher@school.sch.uk",
        "admin2@school.sch.uk",
        "school-office@school.sch.uk",
        "info+npq@trust.org.uk",
    ],
)
def test_a_common_mailbox_is_recognised(address: str) -> None:
    assert is_shared(address)


@pytest.mark.parametrize("address", ["kate.bush@school.sch.uk", "heady@example.com", "123@example.com", "k@x.org"])
def test_a_person_s_own_address_is_not(address: str) -> None:
    assert not is_shared(address)

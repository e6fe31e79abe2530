"""What stands for an outside thing that an installation does without."""

from __future__ import annotations

from collections.abc import Sequence

from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.ports import (
    ChangeRefused,
    DeskComment,
    DeskTicket,
    DetailChange,
    DetailsOnRecord,
    MessageRefused,
    NewTicket,
    ScannerUnavailable,
    ScanVerdict,
    TextMessage,
    TicketRefused,
)


class NoTextMessenger:
    """Sends no text messages, and says so."""

    def send_text(self, message: TextMessage) -> None:
        """Refuse."""
        del message
        raise MessageRefused("this installation sends no text messages")


class NoTicketDesk:
    """There is no helpdesk system besides our own support console, where every case is seen anyway."""

    def find(self, external_id: str) -> DeskTicket | None:
        """There is none, for certain."""
        del external_id
        return None

    def open(self, ticket: NewTicket) -> DeskTicket:
        """Refuse for good: nobody has to try again."""
        raise TicketRefused(f"this installation has no helpdesk system; case {ticket.case_reference} is in the console")

    def comment(self, ticket_id: int, text: str, *, solve: bool = False, reopen: bool = False) -> None:
        """Refuse for good."""
        del text, solve, reopen
        raise TicketRefused(f"this installation has no helpdesk system, and so no ticket {ticket_id}")

    def tickets(self, ticket_ids: Sequence[int]) -> list[DeskTicket]:
        """Refuse: that none is here does not say that they were deleted where they are."""
        raise TicketRefused(f"this installation has no helpdesk system to ask about {len(ticket_ids)} tickets")

    def comments(self, ticket_id: int) -> list[DeskComment]:
        """Refuse likewise."""
        raise TicketRefused(f"this installation has no helpdesk system, and so no ticket {ticket_id}")


class NoChangeReporter:
    """Changes are told to the keepers of the records by hand: this installation cannot."""

    def details(self, trn: str, *, seconds: float) -> DetailsOnRecord:
        """Not known."""
        del trn, seconds
        raise RegisterUnavailable("this installation is not connected to the records")

    def report(self, change: DetailChange, bearer: str) -> str:
        """Refuse for good."""
        del change, bearer
        raise ChangeRefused("this installation is not connected to the records: tell them of the change by hand")


class NoScanner:
    """Nothing looks for malware here, so nothing is ever said to be clean: evidence waits."""

    def scan(self, content: bytes) -> ScanVerdict:
        """There is no answer."""
        del content
        raise ScannerUnavailable("CLAMD_ADDRESS is not set")

    def version(self) -> str:
        """There is none."""
        raise ScannerUnavailable("CLAMD_ADDRESS is not set")

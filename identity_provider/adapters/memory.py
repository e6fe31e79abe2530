"""The outside world in memory, for tests: kept honest by the contract suites that the real adapters pass too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.ports import (
    DeskComment,
    DeskTicket,
    EmailMessage,
    MailerUnavailable,
    NewTicket,
    ServiceRefused,
    ServiceReply,
    ServiceUnavailable,
    TextMessage,
    TicketDeskUnavailable,
)
from matching.records import CandidateAnswer, CandidateQuestion, TeachingRecord


@dataclass
class ManualClock:
    """A clock that stands still until it is moved."""

    moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment that the clock was set to."""
        return self.moment

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.moment += by


@dataclass
class MemoryMailer:
    """Keeps what was sent."""

    sent: list[EmailMessage] = field(default_factory=list)
    texts: list[TextMessage] = field(default_factory=list)
    down: bool = False

    def send(self, message: EmailMessage) -> None:
        """Keep the message, unless the mailer is down."""
        if self.down:
            raise MailerUnavailable("the mail provider does not answer")
        self.sent.append(message)

    def send_text(self, message: TextMessage) -> None:
        """Keep the text message, unless the mailer is down."""
        if self.down:
            raise MailerUnavailable("the provider does not answer")
        self.texts.append(message)

    def check(self) -> None:
        """Refuse when down."""
        if self.down:
            raise MailerUnavailable("the mail provider does not answer")

    def to(self, address: str) -> list[EmailMessage]:
        """What was sent to an address, newest first."""
        return [message for message in reversed(self.sent) if message.to == address]


@dataclass
class MemoryDesk:
    """A helpdesk system that remembers tickets and their comments."""

    kept: dict[str, DeskTicket] = field(default_factory=dict)
    opened: list[NewTicket] = field(default_factory=list)
    told: list[tuple[int, str]] = field(default_factory=list)
    written: dict[int, list[DeskComment]] = field(default_factory=dict)
    # Which tickets were asked about, and of which ones the comments were read.
    asked: list[tuple[int, ...]] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    down: bool = False
    loses_replies: bool = False
    # How many calls are still answered before it falls silent; None is no end.
    answers_left: int | None = None
    moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def find(self, external_id: str) -> DeskTicket | None:
        """The ticket of that case."""
        self._answer()
        return self.kept.get(external_id)

    def open(self, ticket: NewTicket) -> DeskTicket:
        """Open a ticket, once per external id."""
        self._answer()
        if ticket.external_id not in self.kept:
            self.kept[ticket.external_id] = DeskTicket(len(self.kept) + 1, ticket.external_id, "new", self._tick())
            self.opened.append(ticket)
        if self.loses_replies:
            self.loses_replies = False
            raise TicketDeskUnavailable("the reply was lost")
        return self.kept[ticket.external_id]

    def comment(self, ticket_id: int, text: str, *, solve: bool = False, reopen: bool = False) -> None:
        """Add a comment of ours."""
        self._answer()
        self.told.append((ticket_id, text))
        self._write(ticket_id, text, "Get an identity", ours=True)
        if solve:
            self.set_status(ticket_id, "solved")
        elif reopen:
            self.set_status(ticket_id, "open")

    def tickets(self, ticket_ids: Sequence[int]) -> list[DeskTicket]:
        """Those that are there."""
        self._answer()
        self.asked.append(tuple(ticket_ids))
        return [ticket for ticket in self.kept.values() if ticket.id in ticket_ids]

    def comments(self, ticket_id: int) -> list[DeskComment]:
        """What was written."""
        self._answer()
        self.read.append(ticket_id)
        return list(self.written.get(ticket_id, ()))

    def write(self, ticket_id: int, text: str, *, author: str = "Sam Agent", from_agent: bool = True) -> None:
        """Somebody at the helpdesk, or the requester, writes a comment."""
        self._write(ticket_id, text, author, from_agent=from_agent)

    def set_status(self, ticket_id: int, status: str) -> None:
        """Somebody at the helpdesk changes the ticket."""
        for key, ticket in self.kept.items():
            if ticket.id == ticket_id:
                self.kept[key] = replace(ticket, status=status, changed_at=self._tick())

    def forget(self, ticket_id: int) -> None:
        """Somebody at the helpdesk deletes the ticket."""
        self.kept = {key: ticket for key, ticket in self.kept.items() if ticket.id != ticket_id}

    def _write(self, ticket_id: int, text: str, author: str, *, ours: bool = False, from_agent: bool = False) -> None:
        number = 1 + sum(len(each) for each in self.written.values())
        comment = DeskComment(number, author, text, public=False, at=self._tick(), from_agent=from_agent, ours=ours)
        self.written.setdefault(ticket_id, []).append(comment)
        for key, ticket in self.kept.items():
            if ticket.id == ticket_id:
                self.kept[key] = replace(ticket, changed_at=comment.at)

    def _tick(self) -> datetime:
        """A moment later than every one before."""
        self.moment += timedelta(seconds=1)
        return self.moment

    def _answer(self) -> None:
        if self.answers_left is not None:
            self.answers_left -= 1
        if self.down or (self.answers_left or 0) < 0:
            raise TicketDeskUnavailable("the helpdesk system does not answer")


@dataclass
class MemoryRegister:
    """A small register in memory that can be made to fall silent: every record is a candidate."""

    records: list[TeachingRecord] = field(default_factory=list)
    down: bool = False

    @property
    def size(self) -> int:
        """How many records there are."""
        self._answer()
        return len(self.records)

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        """The records with this TRN or NINO, and the survivors of merged ones."""
        self._answer()
        found = {each.trn: each for each in self.records if trn and each.trn == trn}
        found |= {each.trn: each for each in self.records if nino and each.nino[:8] == nino}
        survivors = {each.merged_into for each in found.values()}
        return tuple((found | {each.trn: each for each in self.records if each.trn in survivors}).values())

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:  # noqa: ARG002 -- all are compared
        """Every record."""
        self._answer()
        return CandidateAnswer(tuple(self.records))

    def _answer(self) -> None:
        if self.down:
            raise RegisterUnavailable("the register does not answer")


@dataclass
class MemoryServices:
    """Relying services that take what they are told, unless they are down."""

    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    documents: dict[str, object] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    messages: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    # What is answered to messages, one after the other; 200 once they are used up.
    replies: list[ServiceReply] = field(default_factory=list)
    down: bool = False

    def post_form(self, uri: str, form: Mapping[str, str]) -> None:
        """Keep what was posted."""
        if self.down:
            raise ServiceUnavailable("the service does not answer")
        self.told.append((uri, dict(form)))

    def fetch_json(self, uri: str) -> object:
        """The document that was put there."""
        self.fetched.append(uri)
        if self.down:
            raise ServiceUnavailable("the service does not answer")
        if uri not in self.documents:
            raise ServiceRefused("it answered 404")
        return self.documents[uri]

    def post_message(self, uri: str, headers: Mapping[str, str], body: bytes) -> ServiceReply:
        """Keep the message, and answer as told."""
        if self.down:
            raise ServiceUnavailable("the service does not answer")
        self.messages.append((uri, dict(headers), body))
        return self.replies.pop(0) if self.replies else ServiceReply(200)

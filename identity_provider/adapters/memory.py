"""The outside world in memory, for tests: kept honest by the contract suites that the real adapters pass too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.evidence import CleanedFile, EvidenceRefused, Refusal
from identity_provider.ports import (
    ChangeOpenThere,
    DeskTicket,
    DetailChange,
    DetailsOnRecord,
    EmailMessage,
    MailerUnavailable,
    NewTicket,
    NotInStore,
    ScannerUnavailable,
    ScanVerdict,
    ServiceRefused,
    ServiceReply,
    ServiceUnavailable,
    StoreUnavailable,
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

    tickets: dict[str, DeskTicket] = field(default_factory=dict)
    opened: list[NewTicket] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)
    down: bool = False
    loses_replies: bool = False

    def find(self, external_id: str) -> DeskTicket | None:
        """The ticket of that case."""
        self._answer()
        return self.tickets.get(external_id)

    def open(self, ticket: NewTicket) -> DeskTicket:
        """Open a ticket, once per external id."""
        self._answer()
        if ticket.external_id not in self.tickets:
            self.tickets[ticket.external_id] = DeskTicket(len(self.tickets) + 1, ticket.external_id, "new")
            self.opened.append(ticket)
        if self.loses_replies:
            self.loses_replies = False
            raise TicketDeskUnavailable("the reply was lost")
        return self.tickets[ticket.external_id]

    def comment(self, ticket_id: int, text: str, *, solve: bool = False) -> None:
        """Add a comment."""
        self._answer()
        self.comments.append((ticket_id, text))
        for key, ticket in self.tickets.items():
            if ticket.id == ticket_id and solve:
                self.tickets[key] = DeskTicket(ticket.id, ticket.external_id, "solved")

    def _answer(self) -> None:
        if self.down:
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


@dataclass
class MemoryChanges:
    """Keepers of records who take changes and decide them when a test says so."""

    records: dict[str, DetailsOnRecord] = field(default_factory=dict)
    taken: list[DetailChange] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    open: list[DetailChange] = field(default_factory=list)
    down: bool = False
    loses_replies: bool = False
    # What every change is answered with, when it is to be refused.
    refusal: Exception | None = None

    def details(self, trn: str, *, seconds: float) -> DetailsOnRecord:  # noqa: ARG002 -- answers at once
        """What the record says, with what is open of it."""
        self._answer()
        held = self.records.get(trn, DetailsOnRecord("", "", "", None))
        born = any(each.trn == trn and each.date_of_birth is not None for each in self.open)
        named = any(each.trn == trn and each.date_of_birth is None for each in self.open)
        return replace(
            held,
            name_pending=held.name_pending or named,
            date_of_birth_pending=held.date_of_birth_pending or born,
        )

    def report(self, change: DetailChange, bearer: str) -> str:
        """Take it, unless one of its kind is open."""
        self._answer()
        if self.refusal is not None:
            raise self.refusal
        standing = self.details(change.trn, seconds=1)
        if standing.name_pending if change.date_of_birth is None else standing.date_of_birth_pending:
            raise ChangeOpenThere("a change of this kind is open")
        self.taken.append(change)
        self.open.append(change)
        self.bearers.append(bearer)
        if self.loses_replies:
            self.loses_replies = False
            raise RegisterUnavailable("the reply was lost")
        return f"TRS-{len(self.taken)}"

    def decide(self, change: DetailChange, *, accept: bool) -> None:
        """The keepers accept an open change, or do not."""
        self.open.remove(change)
        if accept:
            held = self.records.get(change.trn, DetailsOnRecord("", "", "", None))
            self.records[change.trn] = (
                replace(held, date_of_birth=change.date_of_birth)
                if change.date_of_birth is not None
                else replace(
                    held, first_name=change.first_name, middle_name=change.middle_name, last_name=change.last_name
                )
            )

    def _answer(self) -> None:
        if self.down:
            raise RegisterUnavailable("the keepers of the records do not answer")


@dataclass
class MemoryEvidence:
    """A store of evidence that forgets when the process ends."""

    kept: dict[str, bytes] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    down: bool = False

    def put(self, key: str, content: bytes) -> None:
        """Keep it."""
        self._answer()
        self.kept[key], self.since[key] = content, datetime.now(UTC)

    def get(self, key: str) -> bytes:
        """What was put there."""
        self._answer()
        if key not in self.kept:
            raise NotInStore
        return self.kept[key]

    def delete(self, key: str) -> None:
        """Forget it."""
        self._answer()
        self.kept.pop(key, None)

    def keys(self, *, before: datetime) -> Iterator[str]:
        """What was there by then."""
        self._answer()
        return iter([key for key in self.kept if self.since[key] < before])

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable("the store does not answer")


@dataclass
class MemoryScanner:
    """A scanner that knows one thing, and that can be made to fall silent."""

    knows: bytes = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
    scanned: int = 0
    down: bool = False

    def scan(self, content: bytes) -> ScanVerdict:
        """Whether that one thing is in the content."""
        self.version()
        self.scanned += 1
        return ScanVerdict("Eicar-Test-Signature" if self.knows in content else None)

    def version(self) -> str:
        """A version of nothing."""
        if self.down:
            raise ScannerUnavailable("the scanner does not answer")
        return "ClamAV 0.0.0/0/Mon Mar  2 09:00:00 2026"


@dataclass
class MemoryCleaner:
    """Hands back what it was given, without a process: for tests of what happens afterwards."""

    refuses: Refusal | None = None

    def clean(self, content: bytes, media_type: str) -> CleanedFile:
        """The same content."""
        if self.refuses is not None:
            raise EvidenceRefused(self.refuses)
        return CleanedFile(content, media_type)

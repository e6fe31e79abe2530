"""What the core needs of the outside world: one protocol per thing, each with an in-memory twin for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from identity_provider.domain.errors import IdentityError, RegisterUnavailable
from identity_provider.domain.evidence import CleanedFile
from matching.records import TeacherRegister as Register


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """The present moment, with its time zone (UTC)."""
        ...


class MailerUnavailable(IdentityError):
    """The mail provider did not take the message; it may be tried again."""


class MessageRefused(IdentityError):
    """The mail provider will never take this message (a bad address); trying again is useless."""


@dataclass(frozen=True, slots=True)
class EmailMessage:
    """One plain-text email. `reference` identifies it to the provider and to us when something is retried."""

    to: str
    subject: str
    text: str = field(repr=False)
    reference: str = ""


class Mailer(Protocol):
    """Sends email."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over.

        Raises MailerUnavailable when it may be tried again, MessageRefused when it may not.
        """
        ...

    def check(self) -> None:
        """Whether a message would be taken, without sending one. Raises MailerUnavailable with the reason if not."""
        ...


@dataclass(frozen=True, slots=True)
class TextMessage:
    """One SMS. `to` is E.164."""

    to: str
    text: str = field(repr=False)
    reference: str = ""


class TextMessenger(Protocol):
    """Sends text messages; raises as Mailer does."""

    def send_text(self, message: TextMessage) -> None:
        """Hand the message over."""
        ...


class TicketDeskUnavailable(IdentityError):
    """The helpdesk system did not answer, or not clearly: whether the ticket exists is unknown until asked."""

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TicketRefused(IdentityError):
    """The helpdesk system understood and refused: trying the same again is useless."""


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket to open. `external_id` is our case's id; the same one never opens two tickets."""

    external_id: str
    subject: str
    body: str = field(repr=False)  # an internal comment, never sent to the requester
    requester_name: str = field(repr=False)
    requester_email: str = field(repr=False)
    tags: tuple[str, ...] = ()
    case_reference: str = ""


@dataclass(frozen=True, slots=True)
class DeskTicket:
    """A ticket as the helpdesk system holds it."""

    id: int
    external_id: str
    status: str
    # When anything of it changed last, by the desk's own clock.
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeskComment:
    """Something that was written on a ticket. `ours` was written by this service, `from_agent` by helpdesk staff.

    Neither is the requester's: what that person writes is a claim of theirs, whatever it looks like.
    """

    id: int
    author: str = field(repr=False)
    text: str = field(repr=False)
    public: bool
    at: datetime
    from_agent: bool = False
    ours: bool = False


class TicketDesk(Protocol):
    """The helpdesk's own system (Zendesk). Every method raises TicketDeskUnavailable or TicketRefused."""

    def find(self, external_id: str) -> DeskTicket | None:
        """The ticket with this external id; None says that the desk answered and has none."""
        ...

    def open(self, ticket: NewTicket) -> DeskTicket:
        """Open a ticket, once: the same external id gives the same ticket."""
        ...

    def comment(self, ticket_id: int, text: str, *, solve: bool = False, reopen: bool = False) -> None:
        """Add an internal comment, and mark the ticket solved, or open again, when asked to."""
        ...

    def tickets(self, ticket_ids: Sequence[int]) -> list[DeskTicket]:
        """These tickets as they are now, at most a hundred; one that is missing was deleted there."""
        ...

    def comments(self, ticket_id: int) -> list[DeskComment]:
        """Everything written on a ticket after it was opened, oldest first."""
        ...


class TeacherRegister(Register, Protocol):
    """Where teaching records are looked up. Every method raises RegisterUnavailable when it cannot answer."""


class ServiceUnavailable(IdentityError):
    """A relying service did not answer as it should; it may be told again later."""


class ServiceRefused(IdentityError):
    """A relying service understood and refused, or lives where we may not go: telling it again is useless."""


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """What a service answered to a message: its status, how long it asked us to wait, and how the answer began."""

    status: int
    retry_after_seconds: int | None = None
    excerpt: str = field(default="", repr=False)


class ServiceCaller(Protocol):
    """Tells relying services things at addresses that they registered, and reads what they publish there."""

    def post_form(self, uri: str, form: Mapping[str, str]) -> None:
        """Post a form and take any 2xx for a yes. Raises ServiceUnavailable or ServiceRefused."""
        ...

    def fetch_json(self, uri: str) -> object:
        """What a JSON document there holds. Raises ServiceUnavailable or ServiceRefused."""
        ...

    def post_message(self, uri: str, headers: Mapping[str, str], body: bytes) -> ServiceReply:
        """Post a webhook message, and wait up to 30 seconds; every status is an answer.

        Raises ServiceUnavailable when none came, ServiceRefused for an address that we do not call.
        """
        ...


class ChangeRefused(IdentityError):
    """The keepers of the records understood, and will never take this change as it is."""


class ChangeNotTaken(RegisterUnavailable):
    """The keepers of the records answered, and took nothing, for a reason that passes or that an operator can mend."""


class ChangeOpenThere(IdentityError):
    """The keepers of the records have an open change of this kind for this person: no second one is taken."""


@dataclass(frozen=True, slots=True)
class DetailChange:
    """A change of name or of date of birth (then `date_of_birth` is there), with the evidence to be fetched."""

    trn: str
    email: str = field(repr=False)
    evidence_name: str
    evidence_url: str = field(repr=False)
    first_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    date_of_birth: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DetailsOnRecord:
    """What a record says now of a name and date of birth, and whether a change of either is open there."""

    first_name: str = field(repr=False)
    middle_name: str = field(repr=False)
    last_name: str = field(repr=False)
    date_of_birth: date | None = field(repr=False)
    name_pending: bool = False
    date_of_birth_pending: bool = False


class ChangeReporter(Protocol):
    """Where approved changes of people with a TRN go: the keepers of the records."""

    def details(self, trn: str, *, seconds: float) -> DetailsOnRecord:
        """What the record says now. Raises RegisterUnavailable, and ChangeRefused for a record that is closed."""
        ...

    def report(self, change: DetailChange, bearer: str) -> str:
        """Hand the change over, with a token that speaks for the person; returns its case number.

        Raises RegisterUnavailable when nothing clear came back (it may have been taken), and where that is clear
        ChangeNotTaken, ChangeOpenThere, ChangeRefused.
        """


class StoreUnavailable(IdentityError):
    """The store of evidence did not do what it was asked, or not for certain; it may be asked again."""


class NotInStore(IdentityError):
    """The store answered, and has nothing under this key."""


class EvidenceStore(Protocol):
    """Keeps sealed files under random keys. Every method raises StoreUnavailable when the store does not answer."""

    def put(self, key: str, content: bytes) -> None:
        """Keep it, all of it or nothing."""
        ...

    def get(self, key: str) -> bytes:
        """What was put there. Raises NotInStore."""
        ...

    def delete(self, key: str) -> None:
        """Forget it; that there is nothing is as good."""
        ...

    def keys(self, *, before: datetime) -> Iterator[str]:
        """What has been there since before this moment, in no order."""
        ...


class ScannerUnavailable(IdentityError):
    """The scanner did not answer, or not clearly. Never the same as "nothing was found"."""


@dataclass(frozen=True, slots=True)
class ScanVerdict:
    """What the scanner said: the name of what it found, or None where it found nothing."""

    found: str | None

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return self.found is None


class FileScanner(Protocol):
    """Looks for malware. Both methods raise ScannerUnavailable."""

    def scan(self, content: bytes) -> ScanVerdict:
        """Whether there is something in the file that the scanner knows."""
        ...

    def version(self) -> str:
        """What the scanner says of itself and of its signatures."""
        ...


class FileCleaner(Protocol):
    """Decodes a file that nobody knows and writes what can be seen in it anew, where it can do no harm."""

    def clean(self, content: bytes, media_type: str) -> CleanedFile:
        """The cleaned file. Raises EvidenceRefused with the reason."""


class BrokerUnavailable(IdentityError):
    """GOV.UK One Login did not answer in time, or not in a way that can be read: nothing is known of anybody."""


class BrokerRefused(IdentityError):
    """GOV.UK One Login understood and refused: the code is used up, too old, or we are not who it was given to."""


@dataclass(frozen=True, slots=True)
class BrokerTerms:
    """Who GOV.UK One Login is, and what it knows us by; what its tokens are held to."""

    issuer: str
    client_id: str
    id_token_algorithm: str = "ES256"
    # Whose keys sign proved identities (did:web), and who says so; empty where none are asked for.
    identity_did: str = ""
    identity_issuer: str = ""


@dataclass(frozen=True, slots=True)
class BrokerTokens:
    """What a code was redeemed for; nothing of it is believed yet."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


class IdentityBroker(Protocol):
    """GOV.UK One Login, which signs people in for us. Every method raises BrokerUnavailable or BrokerRefused."""

    @property
    def terms(self) -> BrokerTerms:
        """Who it is; known without asking it."""
        ...

    def authorization_endpoint(self) -> str:
        """Where people are sent."""
        ...

    def trustmark(self) -> str:
        """The address of what its vectors of trust mean (`vtm`, RFC 8485)."""
        ...

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> BrokerTokens:
        """Exchange an authorization code, once, proving by a signed assertion who we are (RFC 7523)."""
        ...

    def userinfo(self, access_token: str) -> Mapping[str, object]:
        """What it tells of the person whom the token is for."""
        ...

    def signing_keys(self, kid: str) -> Sequence[object]:
        """The published keys (JWK) for ID tokens and sign-outs; fetched anew when this one is not among them."""
        ...

    def identity_document(self, kid: str) -> Mapping[str, object]:
        """The DID document with the keys of proved identities; fetched anew when this one is not in it."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters that this process was started with; chosen in wsgi.py, cli.py or the sandbox only."""

    clock: Clock
    mailer: Mailer
    messenger: TextMessenger
    desk: TicketDesk
    register: TeacherRegister
    services: ServiceCaller
    evidence_store: EvidenceStore
    scanner: FileScanner
    cleaner: FileCleaner
    changes: ChangeReporter
    # None where nobody signs in through GOV.UK One Login.
    broker: IdentityBroker | None = None

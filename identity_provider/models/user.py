"""A person with an identity here: what they stated, how to reach them, and where their lookup stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.domain.lookup import REASONS, LookupReason, LookupState, LookupStatus, VerificationLevel
from identity_provider.domain.values import PersonName

if TYPE_CHECKING:
    from identity_provider.models.trn_link import TrnLink

# The pairs that domain.md lists, as the database checks them.
_LISTED_PAIRS = " OR ".join(
    "(lookup_status = '{}' AND lookup_reason IN ({}))".format(
        status.value, ", ".join(f"'{reason.value}'" for reason in sorted(reasons))
    )
    for status, reasons in REASONS.items()
)

NAME_LENGTH = 200
EMAIL_LENGTH = 320


class User(Base):
    """One identity. `id` is the OpenID Connect subject: it never changes and is never used again.

    `trn`, `lookup_status`, `lookup_reason` and `verification_level` are written by services/trn_links only;
    the table itself refuses a TRN without `Found` and `Found` without a TRN.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("(lookup_status = 'Found') = (trn IS NOT NULL)", name="found_means_trn"),
        CheckConstraint(_LISTED_PAIRS, name="status_and_reason_agree"),
        CheckConstraint("(trn IS NULL) = (verification_level IS NULL)", name="level_means_trn"),
        CheckConstraint("trn ~ '^[0-9]{7}$'", name="trn_is_seven_digits"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        Index("uq_users_trn", "trn", unique=True, postgresql_where=text("trn IS NOT NULL")),
        Index(
            "uq_users_email_live",
            "email",
            unique=True,
            postgresql_where=text("merged_into_id IS NULL AND erased_at IS NULL"),
        ),
        Index("ix_users_name_and_birth", "date_of_birth", "last_name", "first_name"),
        # The order in which the API lists people.
        Index(
            "ix_users_listed",
            "last_name",
            "first_name",
            "id",
            postgresql_where=text("merged_into_id IS NULL AND erased_at IS NULL"),
        ),
        Index("ix_users_stated_trn", "stated_trn", postgresql_where=text("stated_trn IS NOT NULL")),
        Index("ix_users_lookup_status", "lookup_status", postgresql_where=text("lookup_status <> 'Found'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    email_verified_at: Mapped[datetime | None]
    mobile_number: Mapped[str | None] = mapped_column(String(20))
    mobile_verified_at: Mapped[datetime | None]
    first_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    middle_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    last_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    preferred_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    date_of_birth: Mapped[date | None]

    # What the person stated to help us find the record: claims, not facts.
    stated_previous_names: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    stated_nino_encrypted: Mapped[bytes | None]
    stated_has_nino: Mapped[bool | None]
    stated_trn: Mapped[str | None] = mapped_column(String(7))
    stated_has_trn: Mapped[bool | None]
    stated_has_qts: Mapped[bool | None]
    stated_training_provider: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    # As in domain/absence.py.
    stated_further: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")

    trn: Mapped[str | None] = mapped_column(String(7))
    lookup_status: Mapped[LookupStatus] = mapped_column(default=LookupStatus.PENDING)
    lookup_reason: Mapped[LookupReason] = mapped_column(default=LookupReason.NOT_LOOKED_UP)
    verification_level: Mapped[VerificationLevel | None]
    looked_up_at: Mapped[datetime | None]
    # They saw that nothing was found for what is stated above, and could have corrected it: only then is an empty
    # answer of the register the last word.
    asked_again_at: Mapped[datetime | None]

    registered_with_client_id: Mapped[str | None] = mapped_column(String(100))
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    locked_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_signed_in_at: Mapped[datetime | None]
    # When they were offered a passkey and said "not now".
    passkey_declined_at: Mapped[datetime | None]
    # In which they signed in last: the one in which they are written to.
    language: Mapped[str] = mapped_column(String(5), default="en", server_default="en")

    links: Mapped[list[TrnLink]] = relationship(back_populates="user", order_by="TrnLink.linked_at")

    @property
    def name(self) -> PersonName:
        """The official name as it stands here."""
        return PersonName(self.first_name, self.last_name, self.middle_name)

    @property
    def lookup_state(self) -> LookupState:
        """Where the search for this person's record stands."""
        return LookupState(self.lookup_status, self.lookup_reason)

    @property
    def is_live(self) -> bool:
        """Whether this identity may be signed in to: not merged away, not erased, not locked."""
        return self.merged_into_id is None and self.erased_at is None and self.locked_at is None

"""How long each thing is kept, in the words of whoever answers for it (docs/running.md, "Retention")."""

from __future__ import annotations

from dataclasses import dataclass

from identity_provider.domain.words import N_


@dataclass(frozen=True, slots=True)
class Kept:
    """Marked texts, translated where they are shown."""

    what: str
    until: str


_WEEK = N_("7 days after they end")
_MONTH = N_("30 days")

TABLES: dict[str, Kept] = {
    "rate_counters": Kept(N_("Counts of tries"), N_("Until the limit is over")),
    "code_challenges": Kept(N_("Codes that were sent"), N_("7 days")),
    "passkey_challenges": Kept(N_("Questions to passkeys"), N_("Until they expire")),
    "lookups": Kept(N_("Searches for people who never had an account"), N_("7 days after the sign-in ends")),
    "one_login_attempts": Kept(N_("Trips to GOV.UK One Login"), _WEEK),
    "one_login_identities": Kept(N_("Connections with GOV.UK One Login that were ended"), _MONTH),
    "journeys": Kept(N_("Sign-ins that were left half way"), _WEEK),
    "authorization_requests": Kept(N_("Requests of services"), _WEEK),
    "fetched_keys": Kept(N_("Keys fetched from services"), N_("7 days after they were last used")),
    "browser_sessions": Kept(N_("Sessions"), N_("30 days after their end")),
    "sign_ins": Kept(N_("Sign-in history"), N_("90 days")),
    "account_visits": Kept(N_("Visits from services to the account"), N_("Until they expire")),
    "contact_changes": Kept(N_("Former addresses and numbers"), N_("7 days longer than a change can be undone")),
    "outbox_messages": Kept(N_("Emails and texts that were sent"), _MONTH),
    "webhook_messages": Kept(N_("Messages to services"), N_("30 days, 90 if they were never delivered")),
    "trn_tokens": Kept(N_("TRN tokens"), N_("30 days after they expire")),
    "change_requests": Kept(N_("Requests for changes of name or date of birth"), N_("6 years, without documents")),
    "award_checks": Kept(N_("Looks at awards"), N_("A year after the code expires")),
    "award_codes": Kept(N_("Codes that share awards"), N_("A year after they expire")),
    "user_import_rows": Kept(N_("Rows of imports"), N_("30 days after the end, 90 if undecided")),
    "client_errors": Kept(N_("What services were refused"), _MONTH),
}
"""Every table that is cleaned row by row, by its name."""

OTHERS = (
    Kept(N_("Evidence files"), N_("30 days after the decision, 90 days if undecided")),
    Kept(N_("Tokens and grants"), N_("Until they expire")),
    Kept(N_("The audit"), N_("6 years, without documents")),
)
"""What is deleted in a way of its own."""

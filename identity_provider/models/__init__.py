"""The tables, one aggregate per file."""

from identity_provider.models.account_visit import AccountVisit
from identity_provider.models.audit_event import AuditEvent, AuditSeal
from identity_provider.models.award import Award, AwardCheck, AwardCode
from identity_provider.models.browser_session import BrowserSession
from identity_provider.models.change_request import ChangeEvent, ChangeFile, ChangeReport, ChangeRequest
from identity_provider.models.client import Client, ClientSecret
from identity_provider.models.client_error import ClientError
from identity_provider.models.code_challenge import CodeChallenge, SentCode
from identity_provider.models.consent import Consent
from identity_provider.models.contact_change import Contact, ContactChange
from identity_provider.models.evidence import Evidence
from identity_provider.models.feature_switch import FeatureSwitch
from identity_provider.models.fetched_keys import FetchedKeys
from identity_provider.models.grant import AccessToken, Grant, PushedRequest, RefreshToken, UsedAssertion
from identity_provider.models.identity_check import IdentityCheck
from identity_provider.models.initial_access_token import InitialAccessToken
from identity_provider.models.journey import AuthorizationRequest, Journey
from identity_provider.models.leaked_trn import LeakedTrn
from identity_provider.models.lookup import Lookup
from identity_provider.models.one_login import OneLoginAttempt, OneLoginIdentity, OneLoginPurpose, OneLoginSession
from identity_provider.models.outbox import Delivery, OutboxMessage
from identity_provider.models.pairwise_subject import PairwiseSubject
from identity_provider.models.passkey import Passkey, PasskeyChallenge
from identity_provider.models.rate_counter import RateCounter
from identity_provider.models.resume_link import ResumeLink
from identity_provider.models.service_use import ServiceUse
from identity_provider.models.sign_in import SignIn
from identity_provider.models.signing_key import KeyState, SigningKey
from identity_provider.models.staff_user import StaffUser
from identity_provider.models.support_ticket import CaseNote, CaseStatus, Resolution, SupportTicket, TicketComment
from identity_provider.models.teaching_record import RegisterBatch, RegisterGeneration, RegisterImport, RegisterReject
from identity_provider.models.trn_link import TrnLink
from identity_provider.models.trn_token import TrnToken
from identity_provider.models.user import User
from identity_provider.models.user_import import RowOutcome, UserImport, UserImportRow, UserImportState
from identity_provider.models.user_merge import UserMerge
from identity_provider.models.user_search import FIRST_CONSONANTS, LAST_CONSONANTS
from identity_provider.models.webhook import (
    SUBSCRIBABLE,
    MessageState,
    MessageType,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)

__all__ = [
    "FIRST_CONSONANTS",
    "LAST_CONSONANTS",
    "SUBSCRIBABLE",
    "AccessToken",
    "AccountVisit",
    "AuditEvent",
    "AuditSeal",
    "AuthorizationRequest",
    "Award",
    "AwardCheck",
    "AwardCode",
    "BrowserSession",
    "CaseNote",
    "CaseStatus",
    "ChangeEvent",
    "ChangeFile",
    "ChangeReport",
    "ChangeRequest",
    "Client",
    "ClientError",
    "ClientSecret",
    "CodeChallenge",
    "Consent",
    "Contact",
    "ContactChange",
    "Delivery",
    "Evidence",
    "FeatureSwitch",
    "FetchedKeys",
    "Grant",
    "IdentityCheck",
    "InitialAccessToken",
    "Journey",
    "KeyState",
    "LeakedTrn",
    "Lookup",
    "MessageState",
    "MessageType",
    "OneLoginAttempt",
    "OneLoginIdentity",
    "OneLoginPurpose",
    "OneLoginSession",
    "OutboxMessage",
    "PairwiseSubject",
    "Passkey",
    "PasskeyChallenge",
    "PushedRequest",
    "RateCounter",
    "RefreshToken",
    "RegisterBatch",
    "RegisterGeneration",
    "RegisterImport",
    "RegisterReject",
    "Resolution",
    "ResumeLink",
    "RowOutcome",
    "SentCode",
    "ServiceUse",
    "SignIn",
    "SigningKey",
    "StaffUser",
    "SupportTicket",
    "TicketComment",
    "TrnLink",
    "TrnToken",
    "UsedAssertion",
    "User",
    "UserImport",
    "UserImportRow",
    "UserImportState",
    "UserMerge",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookMessage",
    "WebhookSecret",
]

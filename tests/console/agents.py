"""Staff in their browsers: they sign in with both factors, and work on cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pyotp
from flask import Flask
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.lookup import LookupReason
from identity_provider.kit.app import ports
from identity_provider.models import AuditEvent, OutboxMessage, StaffUser, SupportTicket, User
from identity_provider.services import browser_sessions, sign_in_codes, staff, support_tickets
from tests.builders import a_client, a_staff_user, a_user
from tests.kit.page import Browser, Page

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Agent(Browser):
    """A member of staff in one browser."""

    def __init__(self, app: Flask, *roles: StaffRole, **values: Any) -> None:
        super().__init__(app)
        self.member = a_staff_user(*roles, **values)
        with transaction():
            staff.enrol_totp(self.member, secret=SECRET, confirmed_at=ports().clock.now())

    def sign_in(self, way: str = "/support/sign-in") -> Page:
        """Show both factors, one after the other."""
        self.get(way)
        self.submit(email=self.member.email)
        self.submit(code=newest_code(self.member.email))
        return self.submit(code=totp())

    def see(self, case: SupportTicket) -> Page:
        """Open a case."""
        return self.get(f"/support/cases/{case.id}")

    @property
    def here(self) -> Page:
        """The page that the browser stands on."""
        assert self.page is not None
        return self.page


def an_agent(app: Flask, *roles: StaffRole, **values: Any) -> Agent:
    """Somebody who is signed in and stands before the queue; an Agent when no role is named.

    Their session is begun without the pages of signing in, which test_sign_in.py walks through.
    """
    agent = Agent(app, *roles, **values)
    with transaction():
        _, secret = browser_sessions.begin(agent.member, amr=["otp", "mfa"], now=ports().clock.now())
    agent.client.set_cookie("staff_session", secret)
    agent.get("/support/cases")
    return agent


def totp(steps: int = 0) -> str:
    """What the authenticator app shows at this moment of the test."""
    return pyotp.TOTP(SECRET).at(int(ports().clock.now().timestamp()) + 30 * steps)


def newest_code(address: str) -> str:
    """The code in the newest email to an address, as the worker would write it."""
    code = _newest(address)
    assert code is not None, "a code was posted that nobody will be sent"
    return code


def would_be_sent_a_code(address: str) -> bool:
    """Whether the worker has a code to write to this address."""
    return _newest(address) is not None


def _newest(address: str) -> str | None:
    db.session.rollback()
    posted = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.kind == sign_in_codes.EMAIL_KIND, OutboxMessage.recipient == address)
        .order_by(OutboxMessage.created_at.desc(), OutboxMessage.payload["counter"].astext.desc())
    )
    codes = (
        sign_in_codes.code_to_write(
            UUID(each.payload["challenge_id"]), int(each.payload["counter"]), now=ports().clock.now()
        )
        for each in posted
    )
    return next((each for each in codes if each is not None), None)


def a_case(user: User | None = None, reason: LookupReason = LookupReason.NEAR_MATCH, **client: Any) -> SupportTicket:
    """A person whose record was not found, and their case."""
    with transaction():
        return support_tickets.open_case(user or a_user(), a_client(**client), None, reason, ports().clock.now())


def anew(case: SupportTicket) -> SupportTicket:
    """The case as it is in the database now."""
    db.session.rollback()
    return db.session.get_one(SupportTicket, case.id, populate_existing=True)


def user_of(case: SupportTicket) -> User:
    """The person of the case as they are in the database now."""
    db.session.rollback()
    return db.session.get_one(User, case.user_id, populate_existing=True)


def member(email: str) -> StaffUser:
    """The member of staff as they are in the database now."""
    db.session.rollback()
    found = select(StaffUser).where(StaffUser.email == email)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def messages(kind: str) -> list[OutboxMessage]:
    """What was posted of one kind, oldest first."""
    db.session.rollback()
    return list(
        db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.created_at))
    )


def audited(action: str) -> list[AuditEvent]:
    """What was written down of one action, oldest first."""
    db.session.rollback()
    return list(
        db.session.scalars(
            select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.at, AuditEvent.recorded_at)
        )
    )

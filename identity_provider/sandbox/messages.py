"""The messages that the mailbox keeps, in memory, newest first."""

from __future__ import annotations

import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Literal

Channel = Literal["email", "sms"]
MOST_MESSAGES = 5_000


@dataclass(frozen=True, slots=True)
class Message:
    """One email or text message, as it arrived. A text message has no subject."""

    to: str
    subject: str
    text: str
    channel: Channel = "email"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, str]:
        return {
            "id": self.id,
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "channel": self.channel,
            "at": self.at.isoformat(),
        }


class Messages:
    """What arrived. The oldest are forgotten beyond a few thousand."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._messages: deque[Message] = deque(maxlen=MOST_MESSAGES)

    def deliver(self, message: Message) -> None:
        with self._lock:
            self._messages.appendleft(message)

    def to(self, address: str | None = None) -> list[Message]:
        """The messages to an address, or all of them; newest first. Addresses are compared without case."""
        with self._lock:
            every = list(self._messages)
        return [each for each in every if not address or each.to.casefold() == address.casefold()]

    def get(self, message_id: str) -> Message | None:
        return next((each for each in self.to() if each.id == message_id), None)

    def addresses(self) -> list[tuple[str, int]]:
        """Who has mail and how much, in the order of the latest message."""
        return list(Counter(each.to.casefold() for each in self.to()).items())

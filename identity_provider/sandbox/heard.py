"""What the sample services hear of changes: checked as a service must check it, and shown on a page."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

MOST_KEPT = 50


@dataclass
class Heard:
    """The newest messages to the sample services. `secrets` are those of their webhooks, by slug."""

    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    kept: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))

    def blueprint(self) -> Blueprint:
        """The address that messages come to, and the page that shows them."""
        pages = Blueprint("heard", __name__)
        pages.post("/<slug>/webhooks")(self.receive)
        pages.get("/webhooks")(self.show)
        return pages

    def receive(self, slug: str) -> ResponseReturnValue:
        """Take a message whose signature is right; one that came before is answered the same, and dropped."""
        body = request.get_data()
        if not self._is_signed(slug, body):
            return {"error": "the signature is not right"}, 401
        envelope = json.loads(body)
        if all(each["notificationId"] != envelope["notificationId"] for each in self._of(slug)):
            at = datetime.now(UTC).isoformat(timespec="seconds")
            self.kept.appendleft({"slug": slug, "at": at, **envelope})
        return {}, 200

    def show(self) -> str:
        """Newest first."""
        shown = [each | {"text": json.dumps(each["message"], indent=2, ensure_ascii=False)} for each in list(self.kept)]
        return render_template("relying/webhooks.html", messages=shown)

    def _of(self, slug: str) -> list[dict[str, Any]]:
        return [each for each in list(self.kept) if each["slug"] == slug]

    def _is_signed(self, slug: str, body: bytes) -> bool:
        """Bare hex of HMAC-SHA256 over the raw body, in whatever case; compared in constant time."""
        secret = self.secrets.get(slug)
        if secret is None:
            return False
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(request.headers.get("X-Hub-Signature-256", "").lower().encode(), expected.encode())

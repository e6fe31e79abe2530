"""The public keys of services that publish them somewhere (`jwks_uri`), as we last saw them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class FetchedKeys(Base):
    """One key set (RFC 7517), shared by every worker, so that together they fetch it no more often than one would."""

    __tablename__ = "fetched_keys"

    uri: Mapped[str] = mapped_column(String(2000), primary_key=True)
    keys: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # None until it was read for the first time.
    fetched_at: Mapped[datetime | None]
    tried_at: Mapped[datetime] = mapped_column(index=True)

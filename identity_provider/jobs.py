"""What the worker does: each task is safe to run again, and takes ids only."""

from __future__ import annotations

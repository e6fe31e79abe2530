"""How hypothesis chooses what it tries: the same in each run, however fast the machine is.

Its own profile tries others each time and fails an example that takes 200 ms, as one does where the processor is busy
elsewhere. What is sought at random is sought by whoever looks at what is found:
`python -m pytest --hypothesis-profile exploring tests/matching`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "exploring", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)


def choose_steadily() -> None:
    """What holds where the command line names no profile, also where hypothesis finds itself in CI."""
    settings.load_profile("steady")

"""Whether the provider's hot paths cost the same however many people and tokens there are.

python -m benchmarks.oidc_scale [--full] [--users 50000] [--tokens 250000] [--seconds 1] [--rounds 5] [--port 27200]

Two servers on one cluster, measured in turns: one on a database of a thousand people, one on a database that was
filled first. `--full` fills it with 1,000,000 people and 5,000,000 tokens. Every ratio is to stay near 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks import oidc
from benchmarks._measures import line, title
from benchmarks.oidc import median_of
from benchmarks.peers import servers

# How much more of the processor an operation may take: twenty times the rows mean one level more of an index.
MOST = 1.25
SMALL, LARGE = "small", "large"

FILL = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
INSERT INTO users (id, email, first_name, middle_name, last_name, preferred_name, stated_previous_names, lookup_status,
                   lookup_reason, created_at, updated_at)
SELECT gen_random_uuid(), 'filler' || n || '@example.com', 'Filler', '', 'Number' || n, '', '[]', 'Pending',
       'not_looked_up', now(), now()
FROM generate_series(1, {users}) n;
INSERT INTO grants (id, client_id, user_id, scope, session_id, auth_time, amr, claims_request, redirect_uri, code_hmac,
                    code_expires_at, redeemed_at, created_at, expires_at)
SELECT gen_random_uuid(), 'service', id, 'openid profile email', gen_random_uuid(), now(), '{{otp}}', '{{}}',
       'http://127.0.0.1:9/callback', sha256(convert_to('code' || id, 'UTF8')), now(), now(), now(),
       now() + interval '90 days'
FROM users WHERE email LIKE 'filler%';
CREATE TEMPORARY TABLE numbered AS SELECT id, row_number() OVER () AS n FROM grants;
CREATE UNIQUE INDEX ON numbered (n);
INSERT INTO access_tokens (id, token_hmac, grant_id, client_id, scope, issued_at, expires_at)
SELECT gen_random_uuid(), sha256(convert_to('access' || t, 'UTF8')), id, 'service', 'openid', now(),
       now() + interval '15 minutes'
FROM generate_series(1, {access}) t JOIN numbered ON n = 1 + t % {users};
INSERT INTO refresh_tokens (id, token_hmac, grant_id, issued_at, expires_at, reused)
SELECT gen_random_uuid(), sha256(convert_to('refresh' || t, 'UTF8')), id, now(), now() + interval '14 days', 0
FROM generate_series(1, {refresh}) t JOIN numbered ON n = 1 + t % {users};
INSERT INTO browser_sessions (id, secret_hmac, user_id, authenticated_at, amr, created_at, last_seen_at, expires_at)
SELECT gen_random_uuid(), sha256(convert_to('session' || id, 'UTF8')), id, now(), '{{otp}}', now(), now(),
       now() + interval '12 hours'
FROM users WHERE email LIKE 'filler%';
ANALYZE;
"""


def main() -> int:
    """Fill, measure in turns, print; 1 when something grows with the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1,000,000 people and 5,000,000 tokens")
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--tokens", type=int, default=250_000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=27_200)
    parser.set_defaults(only=[])
    asked = parser.parse_args()
    if asked.full:
        asked.users, asked.tokens = 1_000_000, 5_000_000
    title(
        f"The provider's cost with {oidc.PEOPLE:,} people, and with {asked.users:,} people and {asked.tokens:,} tokens"
    )
    servers.stay_on_the_driver_s_core()
    with oidc.cluster() as postgres, ExitStack() as stack, tempfile.TemporaryDirectory() as place:
        targets = []
        for number, name in enumerate((SMALL, LARGE)):
            target = stack.enter_context(oidc.start_ours(postgres, asked.port + number, Path(place), name))
            targets.append(target)
        began = time.perf_counter()
        fill(postgres.url(LARGE), asked.users, asked.tokens)
        line("filled in", f"{time.perf_counter() - began:.0f} s")
        figures = oidc.measure_in_turns(targets, asked)
    return tell(figures)


def fill(url: str, users: int, tokens: int) -> None:
    """Rows of other people, as they lie in a database that has been in use."""
    access = tokens * 3 // 5
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in FILL.format(users=users, access=access, refresh=tokens - access).split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute("VACUUM")
        connection.execute("CHECKPOINT")


def tell(figures: oidc.Figures) -> int:
    """Each operation: small, large, and the ratio of the processor's time."""
    missed = 0
    for name, by_target in figures.items():
        small, large = median_of(by_target[SMALL]), median_of(by_target[LARGE])
        ratio = (large.cpu_ms + large.database_ms) / (small.cpu_ms + small.database_ms)
        missed += ratio > MOST
        line(
            name,
            f"{large.cpu_ms:.2f} + {large.database_ms:.2f} ms",
            f"at most {MOST} x small",
            f"{ratio:.2f} x ({small.per_second:.0f}, {large.per_second:.0f}/s)",
            met=ratio <= MOST,
        )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

"""flask match: ask the matcher about one person, a file of people, or how good its answers were."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar, assert_never

import click
from flask.cli import AppGroup

from identity_provider.cli.files import OUT
from identity_provider.cli.progress import Progress
from identity_provider.db import transaction
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.kit.app import ports
from identity_provider.services import leaked_trns, lookup_replay
from identity_provider.services.register_search import asked_json
from matching.batch import READ_OF_A_QUERY, match_rows, open_queries, write_answers
from matching.csv_files import ColumnsRefused, FileUnreadable
from matching.estimate import estimate_files, table
from matching.evaluate import Evaluation, FilesDoNotGoTogether, Rate, evaluate_files
from matching.explain import AGAINST, sentences, standing_against
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, PotentialMatches
from matching.matcher import match as match_person
from matching.normalise import trn
from matching.policy import Policy
from matching.records import BulkRegister, PersonDetails

match = AppGroup("match", help="The matcher: one person, many people, or how good it is.")

SHOWN = 5
MOST_PROCESSES = 256
Item = TypeVar("Item")

_policy = click.option(
    "--policy",
    default=Policy.LINKAGE.value,
    show_default=True,
    type=click.Choice([each.value for each in Policy]),
    help="How much evidence a link needs.",
)


@match.command("one")
@click.option("--first-name", default="")
@click.option("--middle-name", default="")
@click.option("--last-name", default="")
@click.option("--previous-last-name", "previous_last_names", multiple=True, help="May be given several times.")
@click.option("--date-of-birth", type=click.DateTime(["%Y-%m-%d"]), help="YYYY-MM-DD")
@click.option("--trn", default="")
@click.option("--nino", default="", help="National Insurance number.")
@click.option("--email", default="")
@_policy
@click.option("--json", "as_json", is_flag=True, help="Print outcome and explanation as JSON.")
def one(policy: str, as_json: bool, date_of_birth: datetime | None, **stated: Any) -> None:
    """Match one person, and say why, field by field.

    Exit codes: 0 answered, whatever the outcome; 3 the register did not answer.
    """
    person = PersonDetails(
        **stated,
        date_of_birth=date_of_birth.date() if date_of_birth else None,
        trn_leaked=_is_leaked(stated["trn"]),
    )
    try:
        outcome = match_person(person, ports().register, Policy(policy), _today())
    except RegisterUnavailable as error:
        raise _NoAnswer(error) from error
    if as_json:
        click.echo(json.dumps(_facts(outcome), indent=2))
    else:
        _explain(outcome)


@match.command("batch")
@click.argument("queries", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=OUT, help="File to write.")
@_policy
@click.option(
    "--processes", default=0, type=click.IntRange(0, MOST_PROCESSES), help="How many to use; 0 means one for each core."
)
def batch(queries: Path, out: Path, policy: str, processes: int) -> None:
    """Match every row of QUERIES (CSV, columns as in the documentation) and write the outcomes.

    Exit codes: 0 written; 1 OUT could not be written, 2 QUERIES cannot be read or OUT cannot be made, 3 the register
    did not answer (nothing is written then).
    """
    if out.exists() and out.samefile(queries):
        raise click.UsageError("--out is QUERIES itself")
    rows = _read_queries(queries)
    _mark_leaked(rows)
    progress = Progress()
    try:
        register = ports().register
        # Only a register that is made for many questions is asked by several processes at a time.
        workers = processes if isinstance(register, BulkRegister) else 1
        answers = match_rows(register, rows, Policy(policy), _today(), workers)
        count = write_answers(out, _watched(answers, "matching", len(rows), progress))
    except RegisterUnavailable as error:
        raise _NoAnswer(error) from error
    except OSError as error:
        raise click.ClickException(f"{out} was not written: {error}") from error
    click.echo(f"{count:,} rows written to {out.name}")


@match.command("evaluate")
@click.argument("predictions", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("truth", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def evaluate(predictions: Path, truth: Path, as_json: bool) -> None:
    """Score PREDICTIONS (as `match batch` writes them) against TRUTH, with 95 % intervals, and by class."""
    try:
        report = evaluate_files(predictions, truth)
    except (ColumnsRefused, FilesDoNotGoTogether) as error:
        raise click.ClickException(f"these files do not go together: {error}") from error
    except FileUnreadable as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=2))
        return
    _print_evaluation("All classes", report.everything)
    _print_evaluation("Classes that evidence can decide", report.decidable)
    click.echo(f"\n{'class':<32}{'queries':>8}{'false links':>13}{'coverage':>10}{'false nones':>13}")
    for name, found in report.by_class.items():
        click.echo(
            f"{name:<32}{found.queries:>8,}{found.false_links:>13,}{_share(found.coverage):>10}{found.false_nones:>13,}"
        )


@match.command("replay")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only lookups from this day on (UTC), YYYY-MM-DD.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many, the newest first.")
@click.option("--show-details", is_flag=True, help="Say what was asked as well: personal details, for eyes that may.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def replay(since: datetime | None, limit: int | None, show_details: bool, as_json: bool) -> None:
    """Ask stored lookups again, by the present weights, rules and register, and say what would change.

    Nothing is written: this is how a change of weights is looked at before it goes live. Names and numbers of people
    are not printed unless asked for; lookups are named by their id.

    Exit codes: 0 replayed, and everybody who was linked still would be; 3 the register did not answer; 4 somebody who
    was linked would not be, or to another record.
    """
    ids = lookup_replay.chosen(since.replace(tzinfo=UTC) if since else None, limit)
    results = lookup_replay.replay(ids, ports().register)
    try:
        found = lookup_replay.report(_watched(results, "replaying", len(ids), Progress()))
    except RegisterUnavailable as error:
        raise _NoAnswer(error) from error
    if as_json:
        click.echo(json.dumps(_replay_facts(found, show_details=show_details), indent=2))
    else:
        _print_replay(found, show_details=show_details)
    if found.grave:
        sys.exit(4)


@match.command("estimate")
@click.argument("register", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("queries", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sample", default=5_000, show_default=True, type=click.IntRange(min=1), help="So many of the queries.")
def estimate(register: Path, queries: Path, sample: int) -> None:
    """Estimate m and u of every level by EM from REGISTER and QUERIES, printed beside the table of weights.

    Nobody says who belongs to which record: that is estimated too. The table is changed by hand, after reading.
    """
    progress = Progress()
    try:
        found = estimate_files(register, queries, sample, lambda them: _watched(them, "comparing", len(them), progress))
    except FileUnreadable as error:
        raise click.ClickException(str(error)) from error
    except ValueError as error:
        raise click.ClickException(f"there is nothing to learn from these files: {error}") from error
    click.echo(f"pairs that belong together: {found.share:.4f}")
    for line in table(found):
        click.echo(line)


def _replay_facts(found: lookup_replay.Report, *, show_details: bool) -> dict[str, Any]:
    return {
        "weights_version": found.weights_version,
        "replayed": found.replayed,
        "unanswered": found.unanswered,
        "unread": found.unread,
        "stored_with_weights": dict(sorted(found.versions.items())),
        "changed": len(found.changes),
        "links_lost_or_moved": found.grave,
        "by_kind": dict(found.kinds.most_common()),
        "changes": [_change(each, show_details=show_details) for each in found.changes],
    }


def _change(each: lookup_replay.Replayed, *, show_details: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "lookup_id": str(each.lookup_id),
        "at": each.at.isoformat(),
        "policy": each.policy,
        "weights_version": each.weights_version,
        "kind": each.kind,
        "reason_before": each.reason_before,
        "reason_after": each.reason_after,
    }
    if show_details:
        asked = json.loads(asked_json(each.asked))
        facts |= {"asked": asked, "trn_before": each.trn_before, "trn_after": each.trn_after}
        facts |= {"compared_before": each.compared_before, "compared_after": each.compared_after}
    return facts


def _print_replay(found: lookup_replay.Report, *, show_details: bool) -> None:
    click.echo(f"{found.replayed:,} lookups replayed by the weights of {found.weights_version}")
    for what, count in (("never answered", found.unanswered), ("could not be read", found.unread)):
        if count:
            click.echo(f"{count:,} left out: {what}")
    click.echo(f"{len(found.changes):,} would change; {found.grave:,} links would be lost or go to another record")
    for kind, count in found.kinds.most_common():
        click.echo(f"\n{kind}: {count:,}")
        for each in found.changes:
            if each.kind == kind:
                said = f"  {asked_json(each.asked)}" if show_details else ""
                click.echo(f"  {each.lookup_id}  {each.reason_before} -> {each.reason_after}{said}")
                if show_details:
                    _print_compared("then", each.compared_before)
                    _print_compared("now", each.compared_after)


def _print_compared(when: str, compared: dict[str, list[str]]) -> None:
    for number, sentences_of_it in compared.items():
        click.echo(f"    {when}  {number}  {' '.join(sentences_of_it)}")


def _print_evaluation(title: str, found: Evaluation) -> None:
    click.echo(f"{title}: {found.queries:,} queries")
    for name, rate in (
        ("precision", found.precision),
        ("false links of links", found.false_link_rate),
        ("coverage (recall)", found.coverage),
        ("registered people called none", found.false_none_rate),
    ):
        low, high = rate.interval
        click.echo(f"  {name:<30} {_share(rate)} ({rate.count:,} of {rate.total:,}; 95 % {low:.3%} to {high:.3%})")


def _share(rate: Rate) -> str:
    return "-" if rate.value is None else f"{rate.value:.3%}"


def _watched(items: Iterable[Item], phase: str, total: int, progress: Progress) -> Iterator[Item]:
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if done % 200 == 0:
            progress(phase, min(done, total - 1), total)
    progress(phase, done, done)


def _facts(outcome: MatchOutcome) -> dict[str, Any]:
    explained = outcome.explanation.to_json()
    blocked = [{"block": block, "sentence": AGAINST[block]} for block in explained["blocked_by"]]
    facts = {
        "policy": outcome.policy.value,
        "rule": explained["rule"],
        "blocked_by": blocked,
        "candidates": explained["candidates"],
    }
    match outcome:
        case DefiniteMatch():
            return facts | {"outcome": "match", "trn": outcome.record.trn, "reason": outcome.rule.value}
        case PotentialMatches():
            return facts | {"outcome": outcome.outcome, "reason": outcome.reason.value, "ask_next": outcome.ask_next}
        case NoMatch():
            return facts | {"outcome": "none", "reason": outcome.grade, "ask_next": outcome.ask_next}
        case _:
            assert_never(outcome)


def _explain(outcome: MatchOutcome) -> None:
    facts = _facts(outcome)
    click.echo(f"Outcome: {facts['outcome']} ({facts['reason']})")
    if facts.get("trn"):
        click.echo(f"TRN: {facts['trn']}")
    if facts.get("ask_next"):
        click.echo(f"Would help most: {facts['ask_next']}")
    if isinstance(outcome, PotentialMatches):
        for each in standing_against(outcome.explanation.to_json()):
            click.echo(f"Against a link: {AGAINST[each]}")
    for candidate in outcome.candidates[:SHOWN]:
        record = candidate.record
        name = " ".join(part for part in (record.first_name, record.middle_name, record.last_name) if part)
        click.echo(f"\n{record.trn}  {name}, born {record.date_of_birth or 'unknown'}, {record.status.value}")
        click.echo(f"  weight {candidate.weight:.1f} bits, probability {candidate.posterior:.4f}")
        for sentence in sentences(candidate):
            click.echo(f"  {sentence}")


def _read_queries(path: Path) -> list[dict[str, str]]:
    """Read the rows, and say on standard error what there is of columns that nobody reads."""
    try:
        with open_queries(path) as table:
            rows = list(table.rows)
    except FileUnreadable as error:
        raise _NotRead(error) from error
    unread = [name for name in table.columns if name not in READ_OF_A_QUERY]
    if unread:
        click.echo(f"not read: {', '.join(unread)}; columns that are: {', '.join(READ_OF_A_QUERY)}", err=True)
    return rows


def _is_leaked(typed: str) -> bool:
    """Whether the TRN that was typed is on our list of leaked numbers, as in a sign-in."""
    read = trn(typed)
    return read is not None and leaked_trns.is_listed(read.value)


def _mark_leaked(rows: list[dict[str, str]]) -> None:
    """Say of each row whether its TRN is on our list; whatever stood in that column is not heard."""
    stated = [trn(row.get("trn") or "") for row in rows]
    # Also gives back the connection: the rows are matched by forked processes.
    with transaction():
        listed = leaked_trns.listed_among(each.value for each in stated if each is not None)
    for row, each in zip(rows, stated, strict=True):
        row["trn_leaked"] = "yes" if each is not None and each.value in listed else ""


def _today() -> date:
    return ports().clock.now().date()


class _NotRead(click.ClickException):
    """The file of queries cannot be read: told like a wrong argument, in one line."""

    exit_code = 2

    def __init__(self, error: FileUnreadable) -> None:
        super().__init__(str(error))


class _NoAnswer(click.ClickException):
    """The register did not answer: which says nothing about anybody."""

    exit_code = 3

    def __init__(self, error: RegisterUnavailable) -> None:
        super().__init__(f"the register did not answer: {error}")

    def show(self, file: Any = None) -> None:
        click.echo(f"Error: {self.message}", file=file or sys.stderr)


COMMANDS = (match,)

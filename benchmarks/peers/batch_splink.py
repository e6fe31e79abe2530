"""Link generated queries to a generated register by Splink 5 on DuckDB, trained by EM; best candidate at 0.999.

usage: batch_splink.py FOLDER      (register.csv and queries.csv in, splink.csv out; prints seconds as JSON: `read` the
files and load them into DuckDB, `trained` the model, `seconds` to link)

The model is as good as we could make it: previous names, names in each other's field, swapped days and slips in
numbers have levels of their own, and rules of blocking that find them. Simpler ones are faster and find fewer people.
"""

import csv
import json
import sys
import time
from pathlib import Path

import pandas as pd
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

NAMES = ("first_name", "middle_name", "last_name")
COLUMNS = [*NAMES, "surnames", "date_of_birth", "trn", "nino", "email"]
LINK_FROM, NONE_BELOW = 0.999, 0.01
PAIRS_SAMPLED = 1e7
YEAR, MONTH, DAY = (1, 4), (6, 2), (9, 2)
"""Where a date has them, for substr."""


def plain(text: "pd.Series[str]") -> "pd.Series[str]":
    ascii_only = text.str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii")
    return ascii_only.str.lower().str.replace(r"[^a-z;]", "", regex=True)


def read(path: Path, identifier: str, previous: str) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in NAMES:
        frame[name] = plain(frame[name])
    known = (frame["last_name"] + ";" + plain(frame[previous])).str.split(";")
    frame["surnames"] = [sorted(set(names) - {""}) or None for names in known]
    frame["email"] = frame["email"].str.strip().str.lower()
    frame["trn"] = frame["trn"].str.replace(r"\D", "", regex=True).str.zfill(7).replace("0000000", "")
    frame["nino"] = frame["nino"].str.upper().str.replace(r"\s", "", regex=True).str[:8]
    frame["unique_id"] = frame[identifier]
    return frame[["unique_id", *COLUMNS]].replace("", None)


def levels(column: str, *between: object) -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name=column, comparison_levels=[cll.NullLevel(column), *between, cll.ElseLevel()]
    )


def part(side: str, where: tuple[int, int]) -> str:
    return f"substr(date_of_birth_{side}, {where[0]}, {where[1]})"


def names_and_day() -> list[cl.CustomComparison]:
    swapped_day = " and ".join(
        f"{part('l', one)} = {part('r', other)}" for one, other in ((YEAR, YEAR), (MONTH, DAY), (DAY, MONTH))
    )
    crossed = "first_name_l = last_name_r and last_name_l = first_name_r"
    within = "contains(last_name_l, last_name_r) or contains(last_name_r, last_name_l)"
    initial = "substr(first_name_l, 1, 1) = substr(first_name_r, 1, 1)"
    resembling = (0.92, 0.88)
    return [
        levels(
            "first_name",
            cll.ExactMatchLevel("first_name", term_frequency_adjustments=True),
            cll.CustomLevel(crossed, label_for_charts="first and last name in each other's field"),
            *(cll.JaroWinklerLevel("first_name", threshold) for threshold in (*resembling, 0.7)),
            cll.CustomLevel(initial, label_for_charts="same initial"),
        ),
        levels(
            "last_name",
            cll.ExactMatchLevel("last_name", term_frequency_adjustments=True),
            cll.ArrayIntersectLevel("surnames", 1),
            *(cll.JaroWinklerLevel("last_name", threshold) for threshold in resembling),
            cll.CustomLevel(within, label_for_charts="one within the other"),
        ),
        levels(
            "date_of_birth",
            cll.ExactMatchLevel("date_of_birth"),
            cll.CustomLevel(swapped_day, label_for_charts="day and month swapped"),
            *(cll.DamerauLevenshteinLevel("date_of_birth", slips) for slips in (1, 2)),
        ),
    ]


def settings() -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            *names_and_day(),
            cl.ExactMatch("middle_name"),
            cl.DamerauLevenshteinAtThresholds("trn", 1),
            cl.DamerauLevenshteinAtThresholds("nino", 1),
            cl.ExactMatch("email"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("trn"),
            block_on("nino"),
            block_on("email"),
            block_on("date_of_birth"),
            block_on("first_name", "last_name"),
            block_on("surnames", "first_name", arrays_to_explode=["surnames"]),
            "l.first_name = r.last_name and l.last_name = r.first_name",
            block_on("last_name", "substr(date_of_birth, 1, 4)", "substr(first_name, 1, 1)"),
            block_on("first_name", "substr(date_of_birth, 1, 4)", "substr(last_name, 1, 1)"),
            block_on("last_name", "substr(date_of_birth, 6, 5)"),
            block_on("first_name", "substr(date_of_birth, 6, 5)"),
        ],
        retain_matching_columns=False,
    )


def train(linker: Linker) -> None:
    certain = [block_on("trn"), block_on("first_name", "last_name", "date_of_birth")]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS_SAMPLED, seed=1)
    by_number = (block_on("trn"), block_on("nino"))
    by_name = (block_on("date_of_birth", "last_name"), block_on("first_name", "last_name"))
    for rule in (*by_number, *by_name):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, max_pairs=1e6, record_sample_proportion=1.0
        )


def main() -> None:
    folder = Path(sys.argv[1])
    started = time.perf_counter()
    held = read(folder / "register.csv", "trn", "previous_last_names")
    asked = read(folder / "queries.csv", "query_id", "previous_last_name")
    database = DuckDBAPI()
    tables = [database.register(held, table_name="a_held"), database.register(asked, table_name="b_asked")]
    linker = Linker(tables, settings(), log_level=40)
    read_in = time.perf_counter() - started
    started = time.perf_counter()
    train(linker)
    trained = time.perf_counter() - started
    started = time.perf_counter()
    found = linker.inference.predict(threshold_match_probability=NONE_BELOW).as_pandas_dataframe()
    best = found.sort_values("match_weight").drop_duplicates("unique_id_r", keep="last")
    chosen = {row.unique_id_r: (row.unique_id_l, row.match_probability) for row in best.itertuples()}
    with (folder / "splink.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("query_id", "outcome", "trn"))
        for query_id in asked["unique_id"]:
            trn, probability = chosen.get(query_id, ("", 0.0))
            outcome = "match" if probability >= LINK_FROM else "not_determinable" if trn else "none"
            writer.writerow((query_id, outcome, trn if outcome == "match" else ""))
    print(json.dumps({"read": read_in, "trained": trained, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()

"""Link generated queries to a generated register by Splink 5 on DuckDB, trained by EM; best candidate at 0.999.

usage: batch_splink.py FOLDER      (register.csv and queries.csv in, splink.csv out; prints seconds as JSON: `read` the
files and load them into DuckDB, `trained` the model, `seconds` to link)
"""

import csv
import json
import sys
import time
from pathlib import Path

import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

COLUMNS = ["first_name", "middle_name", "last_name", "date_of_birth", "trn", "nino", "email"]
LINK_FROM, NONE_BELOW = 0.999, 0.01


def read(path: Path, identifier: str) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in ("first_name", "middle_name", "last_name", "email"):
        frame[name] = frame[name].str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii")
        frame[name] = frame[name].str.strip().str.lower()
    frame["trn"] = frame["trn"].str.replace(r"\D", "", regex=True).str.zfill(7).replace("0000000", "")
    frame["nino"] = frame["nino"].str.upper().str.replace(r"\s", "", regex=True).str[:8]
    frame["unique_id"] = frame[identifier]
    return frame[["unique_id", *COLUMNS]].replace("", None)


def settings() -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("last_name").configure(term_frequency_adjustments=True),
            cl.ExactMatch("middle_name"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True),
            cl.DamerauLevenshteinAtThresholds("trn", 1),
            cl.DamerauLevenshteinAtThresholds("nino", 1),
            cl.ExactMatch("email"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("trn"),
            block_on("nino"),
            block_on("date_of_birth"),
            block_on("first_name", "last_name"),
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
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("date_of_birth", "last_name"), block_on("first_name", "last_name")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, max_pairs=1e6, record_sample_proportion=1.0
        )


def main() -> None:
    folder = Path(sys.argv[1])
    started = time.perf_counter()
    held, asked = read(folder / "register.csv", "trn"), read(folder / "queries.csv", "query_id")
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

"""FEBRL 4 by Splink 5 on DuckDB: names with term frequencies, date of birth, number; u by sampling, m by EM.

usage: febrl4_splink.py DATASETS_DIR with|without full|half
"""

import json
import sys
import time
from pathlib import Path

import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks._measures import Scored, recall_at_precision

COLUMNS = ["given_name", "surname", "date_of_birth", "soc_sec_id"]


def read(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, skipinitialspace=True).rename(columns=str.strip)
    frame = frame.apply(lambda column: column.str.strip()).replace("", None)
    frame["unique_id"] = frame["rec_id"]
    frame["person"] = frame["rec_id"].str.split("-").str[1]
    return frame[["unique_id", "person", *COLUMNS]]


def settings(*, numbered: bool) -> SettingsCreator:
    comparisons = [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
    ]
    rules = [
        block_on("date_of_birth"),
        block_on("given_name", "surname"),
        block_on("surname", "substr(date_of_birth, 1, 4)"),
        block_on("given_name", "substr(date_of_birth, 1, 4)"),
        block_on("surname", "substr(date_of_birth, 5, 4)"),
        block_on("given_name", "substr(date_of_birth, 5, 4)"),
    ]
    if numbered:
        comparisons.append(cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]))
        rules.insert(0, block_on("soc_sec_id"))
    return SettingsCreator(link_type="link_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules)


def train(linker: Linker, *, numbered: bool) -> None:
    certain = [block_on("given_name", "surname", "date_of_birth")]
    if numbered:
        certain.append(block_on("soc_sec_id"))
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in (block_on("date_of_birth"), block_on("given_name", "surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, max_pairs=1e7, record_sample_proportion=1.0
        )


def main() -> None:
    folder, numbered, full = Path(sys.argv[1]), sys.argv[2] == "with", sys.argv[3] == "full"
    started = time.perf_counter()
    originals, duplicates = read(folder / "dataset4a.csv"), read(folder / "dataset4b.csv")
    held = originals if full else originals.iloc[::2]
    database = DuckDBAPI()
    tables = [database.register(held, table_name="a_held"), database.register(duplicates, table_name="b_asked")]
    linker = Linker(tables, settings(numbered=numbered), log_level=40)
    train(linker, numbered=numbered)
    found = linker.inference.predict(threshold_match_weight=-30).as_pandas_dataframe()
    best = found.sort_values("match_weight").drop_duplicates("unique_id_r", keep="last")
    scored = [
        Scored(row.match_weight, row.unique_id_l.split("-")[1] == row.unique_id_r.split("-")[1])
        for row in best.itertuples()
    ]
    recall = recall_at_precision(scored, len(held))
    print(json.dumps({"recall": recall, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()

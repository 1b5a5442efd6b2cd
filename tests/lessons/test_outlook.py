"""data/outlook.csv: every fact with its source, its date and the day on which it was read."""

import csv
import datetime
import re

import pytest

from ganlib.data import DATA

with open(DATA / "outlook.csv", encoding="utf-8", newline="") as file:
    FACTS = list(csv.DictReader(file))
TOPICS = {"quality", "cost", "application", "law"}


def test_the_file_holds_every_topic():
    assert {fact["topic"] for fact in FACTS} == TOPICS and len(FACTS) > 30
    assert list(FACTS[0]) == [
        "topic", "name", "date", "kind", "data", "evaluations", "value", "unit", "says", "source", "accessed",
    ]  # fmt: skip


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact['topic']}: {fact['name']} {fact['data']}")
def test_every_fact_has_a_source_a_date_and_a_day_of_reading(fact):
    assert None not in fact.values() and None not in fact
    assert re.match(r"https://\S+\.\w+/\S+", fact["source"]) and fact["says"].strip()
    assert re.fullmatch(r"20\d\d(-\d\d-\d\d)?", fact["date"]), fact["date"]
    read = datetime.date.fromisoformat(fact["accessed"])
    assert fact["topic"] == "law" or fact["date"] <= str(read)
    if fact["topic"] in ("quality", "cost"):
        assert float(fact["value"]) > 0 and fact["unit"]
    if fact["topic"] == "cost":
        assert re.fullmatch(r"\d+ pixels", fact["data"])
    if fact["topic"] == "quality":
        assert int(fact["evaluations"]) >= 1 and fact["kind"] and fact["unit"] == "FID"


def test_no_fact_stands_there_twice():
    keys = [(fact["topic"], fact["name"], fact["data"]) for fact in FACTS]
    assert len(keys) == len(set(keys))

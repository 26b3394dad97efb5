"""The simulation of docs/scaling.md agrees with arithmetic."""

import pathlib
import sys

from harness import check, test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "scaling"))
import lag  # noqa: E402

SETTINGS = (
    [],
    ["--nodes", "1", "--rate", "40"],
    ["--nodes", "100", "--lag", "0.4", "--rate", "5"],
    ["--nodes", "5", "--poll", "30", "--ttl", "60", "--rate", "2"],
)


def near(found, wanted, runs):
    """Within five standard errors, where a single run varies about as much as its mean."""
    return abs(found - wanted) <= 5 * max(wanted, (wanted + 1) ** 0.5 * (wanted > 0)) / runs ** 0.5


@test("the simulation of revocation lag agrees with arithmetic")
def agrees(_):
    for words in SETTINGS:
        setting = lag.arguments(["--runs", "1500", *words])
        for way in lag.WAYS:
            found = lag.simulate(way, setting)
            accepted, everywhere = lag.expected(way, setting)
            check(near(found["accepted"], accepted, 1500), "requests accepted", way, words, found, accepted)
            check(near(found["refused_everywhere"], everywhere, 1500), "until refused everywhere", way, words, found, everywhere)
            check(found["accepted_99"] >= found["accepted"], "the 99th of 100 is not below the mean", way, found)


@test("the same seed gives the same simulation, another one another")
def seeds(_):
    first, again, other = (lag.simulate("replica", lag.arguments(["--seed", seed])) for seed in "112")
    check(first == again and first != other, "seeds", first, again, other)

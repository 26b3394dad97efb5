#!/usr/bin/env python3
"""A simulation: what revocation lag costs.

A stolen token is sent to nodes at random. At time 0 its revocation is acknowledged. Who accepts it afterwards, for
how long, and how often?

    bench/scaling/lag.py                          the table of docs/scaling.md
    bench/scaling/lag.py --nodes 50 --rate 100    fifty nodes, a hundred requests a second by the thief
    bench/scaling/lag.py --lag 0.2 --ttl 300      replicas that are 0.2 s behind on average, tokens of 5 minutes

Ways to ask:
    stateless     no node asks for revocation: until the token ends; its age is anything up to --ttl
    polled        each node fetches the rules every --poll seconds, each at a moment of its own
    replica       each node asks its own copy, which is behind by an exponential time of mean --lag
    leader        each request asks the leader, and so none is accepted
"""
import argparse
import json
import math
import random
import statistics


def lags(way, setting, chance):
    """How long each node goes on accepting after the revocation."""
    if way == "stateless":
        left = chance.uniform(0, setting.ttl)
        return [left] * setting.nodes
    if way == "polled":
        return [chance.uniform(0, setting.poll) for _ in range(setting.nodes)]
    if way == "replica":
        return [chance.expovariate(1 / setting.lag) for _ in range(setting.nodes)]
    return [0.0] * setting.nodes


def one(way, setting, chance):
    """One revocation: how many requests were accepted after it, and when the last node refused."""
    until = lags(way, setting, chance)
    last, accepted, now = max(until), 0, 0.0
    while last > 0:
        now += chance.expovariate(setting.rate)  # requests come as a Poisson process
        if now >= last:
            break
        accepted += now < until[chance.randrange(setting.nodes)]
    return accepted, last


def simulate(way, setting):
    chance = random.Random(f"{setting.seed} {way}")
    runs = [one(way, setting, chance) for _ in range(setting.runs)]
    accepted = sorted(run[0] for run in runs)
    return {"way": way, "accepted": statistics.fmean(accepted), "accepted_99": accepted[math.ceil(0.99 * len(accepted)) - 1],
            "refused_everywhere": statistics.fmean(run[1] for run in runs)}


def expected(way, setting):
    """The same by arithmetic: requests accepted on average, and seconds until every node refuses."""
    n = setting.nodes
    mean, largest = {
        "stateless": (setting.ttl / 2, setting.ttl / 2),
        "polled": (setting.poll / 2, setting.poll * n / (n + 1)),
        "replica": (setting.lag, setting.lag * sum(1 / k for k in range(1, n + 1))),
        "leader": (0.0, 0.0),
    }[way]
    return mean * setting.rate, largest


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default in (("nodes", int, 20), ("rate", float, 10.0), ("ttl", float, 600.0), ("poll", float, 5.0),
                                ("lag", float, 0.05), ("runs", int, 2000), ("seed", int, 1)):
        parser.add_argument(f"--{name}", type=kind, default=default, help=f"({default})")
    parser.add_argument("--json", action="store_true", help="one object a line")
    return parser.parse_args(words)


WAYS = ("stateless", "polled", "replica", "leader")


def main():
    setting = arguments()
    for way in WAYS:
        found = simulate(way, setting)
        if setting.json:
            print(json.dumps(found))
        else:
            print(f"{way:10} accepted after the revocation: {found['accepted']:10.2f} on average, {found['accepted_99']:6} at most"
                  f" in 99 of 100; refused everywhere after {found['refused_everywhere']:8.3f} s")


if __name__ == "__main__":
    main()

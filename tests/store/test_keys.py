"""Keys: made, rotated, published, dropped, revoked; inside the database or outside it."""

import json

from harness import NOW, OPTIONS, Failed, check, equal, test

BOTH = (True, False)


def states(store):
    return dict(store.db.execute("SELECT kid, state FROM jwt_key WHERE use = 'access'"))


def kid_of(store, token):
    return store.value("SELECT json_extract(jwt_header(?), '$.kid')", token)


@test("the first key of a use signs, later ones stand by", alone=BOTH)
def first_key(bench):
    store = bench.attach()
    store.install()
    equal(
        [store.create_key(use, now=NOW)["state"] for use in ("access", "refresh", "access", "refresh")],
        ["active", "active", "standby", "standby"],
        "states",
    )
    for change in ("state = 'active'", "state = 'retiring'", "state = 'gone'"):
        try:
            store.db.execute(f"UPDATE jwt_key SET {change} WHERE state = 'standby'")
        except Exception as error:
            check("CHECK constraint failed" in str(error), "why", str(error))
        else:
            raise Failed(f"{change} without its times was taken")


@test("without keys nothing is signed, and the error says what to do", alone=BOTH)
def no_keys(bench):
    store = bench.attach()
    store.install()
    for use in ("access", "refresh"):
        try:
            store.login("alice", now=NOW)
        except Exception as error:
            check(f"no active {use} key: create_key" in str(error), "the error", str(error))
        else:
            raise Failed(f"a login without a key for {use} tokens")
        store.create_key(use, now=NOW)
    check(store.login("alice", now=NOW), "with keys")


@test("a rotation logs nobody out, at no moment", alone=BOTH)
def rotation(bench):
    store = bench.store()
    bench.policy(store, "slow", access_ttl=3600)
    pair = store.login("alice", now=NOW)
    slow = store.login("alice", "slow", now=NOW)
    old = kid_of(store, pair["access_token"])
    new = store.create_key("access", now=NOW + 1)["kid"]
    for use in ("refresh",):
        store.create_key(use, now=NOW + 1)
    equal(states(store), {old: "active", new: "standby"}, "before")
    equal(store.rotate_keys("access", now=NOW + 10), {"kid": new}, "it answers the new key")
    store.rotate_keys("refresh", now=NOW + 10)
    equal(states(store), {old: "retiring", new: "active"}, "after")
    equal(store.status(pair["access_token"], now=NOW + 11), "ok", "an old access token")
    equal(store.status(slow["access_token"], now=NOW + 3599), "ok", "to its last second")
    second = store.refresh(pair["refresh_token"], now=NOW + 20)
    equal(
        (second["outcome"], kid_of(store, second["access_token"])), ("rotated", new), "an old refresh token"
    )
    equal(
        store.refresh(pair["refresh_token"], now=NOW + 21)["refresh_token"],
        second["refresh_token"],
        "replayed",
    )
    row = store.db.execute("SELECT drop_at FROM jwt_key WHERE kid = ?", (old,)).fetchone()
    equal(row[0], NOW + 10 + 3600, "an access key is dropped after the longest access_ttl")
    row = store.db.execute(
        "SELECT drop_at FROM jwt_key WHERE use = 'refresh' AND state = 'retiring'"
    ).fetchone()
    equal(row[0], NOW + 10 + 90 * 86400, "a refresh key after the longest abs_ttl")
    store.prune(now=NOW + 10 + 3599)
    equal(old in states(store), True, "prune leaves it till then")
    equal(
        old in json.loads(store.jwks(now=NOW + 10 + 3600)["jwks"]).__repr__(),
        False,
        "it is published no longer",
    )
    store.prune(now=NOW + 10 + 3600)
    equal(old in states(store), False, "and is deleted")
    equal(store.rotate_keys("access", now=NOW + 5000), None, "without a standby nothing happens")


@test("a replay across a key rotation gets the same successor", alone=BOTH)
def replay_across(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)["refresh_token"]
    second = store.refresh(first, now=NOW + 1)["refresh_token"]
    store.create_key("refresh", now=NOW + 2)
    store.rotate_keys("refresh", now=NOW + 3)
    again = store.refresh(first, now=NOW + 4)
    equal(
        (again["outcome"], again["refresh_token"]), ("replayed", second), "signed by the key that signed it"
    )
    third = store.refresh(second, now=NOW + 5)["refresh_token"]
    check(kid_of(store, third) != kid_of(store, second), "the next one is the new key's")


@test("a leaked key is worthless at once, and the standby signs", alone=BOTH)
def emergency(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    old = kid_of(store, pair["access_token"])
    leaked = store.value("SELECT jwk FROM jwt_key WHERE kid = ?", old)
    new = store.create_key("access", now=NOW + 1)["kid"]
    equal(store.revoke_key(old, now=NOW + 2), {"kid": old, "use": "access"}, "it")
    equal(states(store), {old: "revoked", new: "active"}, "states")
    forged = store.value(
        'SELECT jwt_sign(?, ?, \'{"typ":"at+jwt"}\')', store.payload(pair["access_token"]), leaked
    )
    for token in (pair["access_token"], forged):
        equal(store.status(token, now=NOW + 3), "key_missing", "what it signed")
        equal(store.introspect(token, now=NOW + 3)["response"], '{"active":false}', "introspection")
        equal(store.revoke_token(token, now=NOW + 3), None, "it ends no session either")
        equal(
            store.authenticate_stateless(token, store.jwks(now=NOW + 3)["jwks"], OPTIONS, now=NOW + 3)[
                "status"
            ],
            "key_not_found",
            "stateless, with the new key set",
        )
    equal(
        store.status(store.refresh(pair["refresh_token"], now=NOW + 3)["access_token"], now=NOW + 3),
        "ok",
        "after a refresh",
    )
    equal(
        store.value("SELECT instr(jwk, '\"d\"') FROM jwt_key WHERE kid = ?", old),
        0,
        "the private key is gone",
    )
    for sql in (
        "UPDATE jwt_key SET state = 'retiring', drop_at = 9e9 WHERE kid = ?",
        "UPDATE jwt_key SET state = 'active' WHERE kid = ?",
        "INSERT OR REPLACE INTO jwt_key (kid, use, alg, created_at) VALUES (?, 'access', 'ES256', 1)",
    ):
        try:
            store.db.execute(sql, (old,))
        except Exception:
            pass
        equal(states(store)[old], "revoked", sql)
    equal(store.revoke_key(old, now=NOW + 4), None, "once")


@test("a leaked refresh key ends what it signed, and a replay is not signed with it", alone=BOTH)
def emergency_refresh(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)["refresh_token"]
    old = kid_of(store, first)
    new = store.create_key("refresh", now=NOW)["kid"]
    store.rotate_keys("refresh", now=NOW + 1)
    second = store.refresh(first, now=NOW + 2)["refresh_token"]
    store.create_key("refresh", now=NOW + 3)
    store.revoke_key(new, now=NOW + 4)
    equal(kid_of(store, second), new, "the second was the leaked key's")
    equal(store.refresh(second, now=NOW + 5), None, "it is refused")
    equal(store.refresh(first, now=NOW + 5), None, "its parent gets no new copy of it")
    check(old, "the first key is good")
    check(store.refresh(store.login("alice", now=NOW + 6)["refresh_token"], now=NOW + 7), "a new login is")


@test(
    "keys kept outside: nothing of a secret is in the file, and rotations need no new deployment", alone=BOTH
)
def outside(bench):
    maker = bench.connect(":memory:")

    def make(algorithm):
        return maker.execute("SELECT jwk_generate(?)", (algorithm,)).fetchone()[0]

    access, refresh = [make("ES256"), make("Ed25519")], [make("HS256"), make("HS256")]
    store = bench.attach(
        signing_key='{"keys":[%s,%s]}' % tuple(access), refresh_key='{"keys":[%s,%s]}' % tuple(refresh)
    )
    store.install()
    for key in access:
        store.create_key("access", jwk=key, now=NOW)
    for key in refresh:
        store.create_key("refresh", jwk=key, now=NOW)
    pair = store.login("alice", now=NOW)
    second = store.refresh(pair["refresh_token"], now=NOW + 1)
    for use in ("access", "refresh"):
        equal(store.rotate_keys(use, now=NOW + 2) is not None, True, f"rotating {use}")
    third = store.refresh(second["refresh_token"], now=NOW + 3)
    equal(third["outcome"], "rotated", "through a rotation")
    check(kid_of(store, third["access_token"]) != kid_of(store, second["access_token"]), "with the other key")
    for pair in (second, third):
        equal(store.status(pair["access_token"], now=NOW + 4), "ok", "access tokens")
    for key in access + refresh:
        for name in ("d", "k"):
            secret = json.loads(key).get(name)
            check(secret is None or secret not in "\n".join(store.db.iterdump()), "a secret is in the file")
    stranger = bench.attach()
    try:
        stranger.refresh(third["refresh_token"], now=NOW + 5)
    except Exception as error:
        check("jwt_sign" in str(error), "the error", str(error))
    equal(
        stranger.refresh(third["refresh_token"], now=NOW + 5),
        None,
        "the file alone verifies no refresh token",
    )
    try:
        stranger.login("alice", now=NOW + 5)
    except Exception as error:
        check("public key cannot sign" in str(error), "the file alone signs nothing", str(error))
    else:
        raise Failed("the file alone signs")


@test("access tokens may be signed by a secret that is kept outside", alone=BOTH)
def hmac_outside(bench):
    secret = bench.connect(":memory:").execute("SELECT jwk_generate('HS256')").fetchone()[0]
    store = bench.attach(signing_key=secret)
    store.install()
    store.create_key("access", jwk=secret, now=NOW)
    store.create_key("refresh", now=NOW)
    pair = store.login("alice", now=NOW)
    equal(store.status(pair["access_token"], now=NOW), "ok", "with the secret")
    equal(bench.attach().status(pair["access_token"], now=NOW), "key_missing", "without it")
    equal(store.jwks(now=NOW)["jwks"], '{"keys":[]}', "it is not published")
    equal(store.value("SELECT count(*) FROM jwt_jwks"), 0, "nor in the view")
    check(json.loads(store.introspect(pair["access_token"], now=NOW)["response"])["active"], "introspection")
    check(store.revoke_access_token(pair["access_token"], now=NOW), "revocation")


@test(
    "the key set has every public key that signed, signs or will sign, and never a private member", alone=BOTH
)
def published(bench):
    store = bench.store()
    for algorithm in ("RS256", "Ed25519", "HS256"):
        store.create_key("access", algorithm, now=NOW)
    dead = store.create_key("access", now=NOW)["kid"]
    store.revoke_key(dead, now=NOW)
    keys = json.loads(store.jwks(now=NOW)["jwks"])["keys"]
    equal(sorted(key["alg"] for key in keys), ["ES256", "Ed25519", "RS256"], "algorithms")
    equal(
        [name for key in keys for name in ("d", "p", "q", "dp", "dq", "qi", "k", "oth") if name in key],
        [],
        "private members",
    )
    check(dead not in [key["kid"] for key in keys], "a revoked key is not published")
    for recipe in ("OFF", "ON"):
        store.db.execute(f"PRAGMA trusted_schema = {recipe}")
        equal(
            json.loads(store.value("SELECT jwks(jwk) FROM jwt_jwks"))["keys"].__len__(),
            3,
            f"the view, trusted_schema {recipe}",
        )
        equal(
            store.value("SELECT count(*) FROM jwt_jwks WHERE jwk LIKE '%\"d\":%'"),
            0,
            "the view has public keys only",
        )


# ---- verification goes on while keys rotate


def verify_while_rotating(bench, index, ready, rounds):
    store = bench.attach()
    pair = store.login("alice", now=NOW)
    bad = []
    ready()
    for step in range(rounds):
        if index == 0:
            for use in ("access", "refresh"):
                store.create_key(use, now=NOW)
                store.rotate_keys(use, now=NOW)
            continue
        keys = store.jwks(now=NOW)["jwks"]
        if index % 2:
            pair = store.refresh(pair["refresh_token"], now=NOW)
            if pair is None or pair["outcome"] != "rotated":
                return ["a refresh failed", pair]
        status = store.status(pair["access_token"], now=NOW)
        # The set may be older than the token by a rotation: what others see who keep it. It is fetched anew then.
        stateless = store.authenticate_stateless(pair["access_token"], keys, OPTIONS, now=NOW)["status"]
        if stateless == "key_not_found":
            keys = store.jwks(now=NOW)["jwks"]
            stateless = store.authenticate_stateless(pair["access_token"], keys, OPTIONS, now=NOW)["status"]
        if (status, stateless) != ("ok", "ok"):
            bad.append((step, status, stateless))
    return bad


@test("verification goes on without a gap while keys rotate", journals=("wal", "delete"))
def no_gap(bench):
    bench.store()
    for answer in bench.race(verify_while_rotating, rounds=10):
        equal(answer, [], "verdicts that were not ok")
    store = bench.attach()
    equal(
        store.value("SELECT count(*) FROM jwt_key WHERE use = 'access' AND state = 'retiring'"),
        10,
        "rotations",
    )
    equal(
        store.value(
            "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM jwt_key WHERE state = 'active' GROUP BY use)"
        ),
        "1,1",
        "one key signs",
    )

"""The state machine of a refresh, one process."""

import json

from harness import NOW, OPTIONS, Failed, check, equal, test

BOTH = (True, False)


@test("d = 0 rotates, and the pair is what it says", alone=BOTH)
def rotates(bench):
    store = bench.store()
    first = store.login("alice", scope="notes:read", claims='{"role":"editor"}', now=NOW)
    equal(store.session(first["sid"])["gen"], 0, "a login is generation 0")
    second = store.refresh(first["refresh_token"], now=NOW + 100)
    equal(
        [
            second[name]
            for name in ("outcome", "sid", "sub", "token_type", "expires_in", "refresh_exp", "scope")
        ],
        ["rotated", first["sid"], "alice", "Bearer", 600, NOW + 100 + 14 * 86400, "notes:read"],
        "the answer",
    )
    row = store.session(first["sid"])
    equal(
        [
            row[name]
            for name in ("gen", "rotated_at", "used_at", "idle_exp", "abs_exp", "grace_used", "outcome")
        ],
        [1, NOW + 100, NOW + 100, NOW + 100 + 14 * 86400, NOW + 90 * 86400, 0, "rotated"],
        "the row",
    )
    claims = json.loads(store.payload(second["access_token"]))
    check(claims.pop("jti"), "an access token has a jti")
    equal(
        claims,
        {
            "role": "editor",
            "iss": "app",
            "sub": "alice",
            "aud": "app",
            "client_id": "",
            "sid": first["sid"],
            "iat": NOW + 100,
            "exp": NOW + 700,
            "scope": "notes:read",
        },
        "the access token's claims",
    )
    equal(
        store.value("SELECT json_extract(jwt_header(?), '$.typ')", second["access_token"]),
        "at+jwt",
        "its type",
    )
    equal(store.status(second["access_token"], now=NOW + 101), "ok", "it is accepted")


@test("a statement verifies once and signs no more than it hands out", alone=BOTH)
def work_done(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)

    def keys_used(work):
        """How often a key was put to use: the extension looks each up once per verification and per signature."""

        def count():
            facts = json.loads(store.value("SELECT jwt_debug()"))
            return facts["key_cache_hits"] + facts["key_cache_misses"]

        before = count()
        work()
        return count() - before

    token = pair["refresh_token"]
    equal(keys_used(lambda: store.login("bob", now=NOW)), 2, "login")
    equal(keys_used(lambda: store.refresh(token, now=NOW + 1)), 3, "a rotation: one verified, two signed")
    equal(keys_used(lambda: store.refresh(token, now=NOW + 2)), 3, "a replay")
    equal(keys_used(lambda: store.refresh(token[:-2] + "AA", now=NOW + 2)), 1, "a forgery")
    equal(keys_used(lambda: store.refresh("junk", now=NOW + 2)), 0, "junk")
    equal(keys_used(lambda: store.authenticate(pair["access_token"], now=NOW + 1)), 1, "authenticate")
    equal(keys_used(lambda: store.introspect(pair["access_token"], now=NOW + 1)), 1, "introspect")
    equal(keys_used(lambda: store.refresh(token, now=NOW + 60)), 1, "reuse signs nothing")
    equal(keys_used(lambda: store.revoke_token(token, now=NOW + 60)), 1, "revoke_token")
    keys = store.jwks(now=NOW)["jwks"]
    stateless = lambda: store.authenticate_stateless(pair["access_token"], keys, OPTIONS, now=NOW + 1)
    equal(keys_used(stateless), 1, "authenticate_stateless")


@test("no token is in the database, no generation leaves a row", alone=BOTH)
def nothing_stored(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    tokens = [pair["access_token"], pair["refresh_token"]]
    for step in range(3):
        pair = store.refresh(pair["refresh_token"], now=NOW + 100 * step)
        tokens += [pair["access_token"], pair["refresh_token"]]
    dump = "\n".join(store.db.iterdump())
    for token in tokens:
        check(token not in dump and token.split(".")[2] not in dump, "a token or its signature is stored")
    equal(store.value("SELECT count(*) FROM jwt_session"), 1, "one row")


@test("a generation's refresh token is byte-identical whenever it is signed", alone=BOTH)
def byte_identical(bench):
    for algorithm in ("HS256", "Ed25519", "RS256"):
        store = bench.attach(str(bench.folder / algorithm))
        store.install()
        store.create_key("access", now=NOW)
        store.create_key("refresh", algorithm, now=NOW)
        first = store.login("alice", now=NOW)["refresh_token"]
        second = store.refresh(first, now=NOW + 5)["refresh_token"]
        for later in (5, 6, 20, 34):
            again = store.refresh(first, now=NOW + later)
            equal(
                (again["outcome"], again["refresh_token"]),
                ("replayed", second),
                f"{algorithm} after {later} s",
            )
        check(
            len({store.refresh(first, now=NOW + 6)["access_token"] for _ in range(3)}) == 3,
            "access tokens are fresh ones",
        )


@test("a refresh key whose signatures differ each time is refused")
def deterministic_only(bench):
    store = bench.store()
    for algorithm in ("ES256", "PS256"):
        try:
            store.create_key("refresh", algorithm, now=NOW)
        except Exception as error:
            check("CHECK constraint failed" in str(error), "for its algorithm", str(error))
        else:
            raise Failed(f"{algorithm} was taken for refresh tokens")


@test("a grandparent within the window is reuse", point=4, alone=BOTH)
def grandparent(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)
    second = store.refresh(first["refresh_token"], now=NOW + 1)
    third = store.refresh(second["refresh_token"], now=NOW + 2)
    equal(
        store.outcome(first["refresh_token"], now=NOW + 3),
        "reuse",
        "generation 0 at generation 2, within grace",
    )
    row = store.session(first["sid"])
    equal(
        [row["revoked_at"], row["revoked_why"], row["revoked_by"]],
        [NOW + 3, "reuse", "policy"],
        "the session ended",
    )
    equal(store.refresh(third["refresh_token"], now=NOW + 4), None, "its newest token is dead")


@test("reuse is an answer without tokens", alone=BOTH)
def reuse_answer(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)
    store.refresh(first["refresh_token"], now=NOW + 1)
    answer = store.refresh(first["refresh_token"], now=NOW + 31)
    equal(
        {
            name: answer[name]
            for name in ("outcome", "access_token", "refresh_token", "expires_in", "refresh_exp")
        },
        {
            "outcome": "reuse",
            "access_token": None,
            "refresh_token": None,
            "expires_in": None,
            "refresh_exp": None,
        },
        "what is answered",
    )
    equal(
        store.value("SELECT kind || ' ' || reason || ' ' || sid FROM jwt_event WHERE at = ?", NOW + 31),
        f"revoked reuse {first['sid']}",
        "it is in the audit",
    )


@test("the window ends grace seconds after the rotation, however often it was used", point=5, alone=BOTH)
def window_stays(bench):
    store = bench.store(grace_max=1000)
    first = store.login("alice", now=NOW)
    store.refresh(first["refresh_token"], now=NOW + 10)
    for later in range(10, 40):
        equal(
            store.outcome(first["refresh_token"], now=NOW + later),
            "replayed",
            f"{later - 10} s after the rotation",
        )
    equal(store.session(first["sid"])["rotated_at"], NOW + 10, "the window has not moved")
    equal(store.outcome(first["refresh_token"], now=NOW + 40), "reuse", "at its end")


@test("grace_max counts from the first use", point=6, alone=BOTH)
def grace_max(bench):
    for limit in (0, 1, 3):
        store = bench.attach(str(bench.folder / str(limit)))
        store.install()
        store.create_key("access", now=NOW)
        store.create_key("refresh", now=NOW)
        bench.policy(store, "", grace_max=limit)
        first = store.login("alice", now=NOW)
        store.refresh(first["refresh_token"], now=NOW + 1)
        outcomes = [store.outcome(first["refresh_token"], now=NOW + 2) for _ in range(limit + 1)]
        equal(outcomes, ["replayed"] * limit + ["reuse"], f"grace_max {limit}")


@test("a new generation has its own window and count", alone=BOTH)
def grace_begins_anew(bench):
    store = bench.store(grace_max=2)
    token = store.login("alice", now=NOW)["refresh_token"]
    for step in range(4):
        successor = store.refresh(token, now=NOW + 100 * step)["refresh_token"]
        equal(
            [store.outcome(token, now=NOW + 100 * step + 1) for _ in range(2)],
            ["replayed"] * 2,
            f"round {step}",
        )
        token = successor


@test("rotated_at is set by the statement that rotates", point=7, alone=BOTH)
def rotated_at(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)
    second = store.refresh(first["refresh_token"], now=NOW + 1000)
    equal(store.session(first["sid"])["rotated_at"], NOW + 1000, "rotated_at")
    equal(json.loads(store.payload(second["refresh_token"]))["iat"], NOW + 1000, "and the token says so")
    equal(store.outcome(first["refresh_token"], now=NOW + 1029), "replayed", "the window counts from there")


@test("a signature that fails leaves the session as it was", point=10, alone=BOTH)
def failing_signature(bench):
    keys = bench.connect(":memory:")
    access, refresh = (
        keys.execute("SELECT jwk_generate(?)", (alg,)).fetchone()[0] for alg in ("ES256", "HS256")
    )
    store = bench.attach(signing_key=access, refresh_key=refresh)
    store.install()
    store.create_key("access", jwk=access, now=NOW)
    store.create_key("refresh", jwk=refresh, now=NOW)
    first = store.login("alice", now=NOW)
    before = store.session(first["sid"])
    other = keys.execute("SELECT jwk_generate('ES256')").fetchone()[0]
    for wrong in ({"signing_key": None}, {"signing_key": other}):
        try:
            answer = store.refresh(first["refresh_token"], now=NOW + 1, **wrong)
        except Exception as error:
            check("jwt_sign" in str(error), "the error is that of jwt_sign", str(error))
        else:
            raise Failed("it answered without a key to sign with: " + repr(answer))
        equal(store.session(first["sid"]), before, "the row after a failure")
        check(not store.db.in_transaction, "no transaction is left open")
    equal(store.outcome(first["refresh_token"], now=NOW + 2), "rotated", "then, with the key")


@test("a statement that fails within a caller's transaction undoes itself alone")
def failing_in_transaction(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)
    store.db.execute("CREATE TABLE mine (x)")
    with store.transaction():
        store.db.execute("INSERT INTO mine VALUES (1)")
        store.db.execute("UPDATE jwt_key SET jwk = NULL WHERE use = 'access'")
        try:
            store.refresh(first["refresh_token"], now=NOW + 1)
        except Exception:
            pass
        else:
            raise Failed("it signed without a key")
        equal(store.session(first["sid"])["gen"], 0, "inside the transaction")
    equal(
        (store.session(first["sid"])["gen"], store.value("SELECT count(*) FROM mine")), (0, 1), "after COMMIT"
    )


@test("a thief first, the victim within grace: found at the next rotation outside it", point=12, alone=BOTH)
def thief_first(bench):
    store = bench.store()
    stolen = store.login("alice", now=NOW)["refresh_token"]
    thief = store.refresh(stolen, now=NOW + 10)
    victim = store.refresh(stolen, now=NOW + 20)
    equal((thief["outcome"], victim["outcome"]), ("rotated", "replayed"), "the first two")
    equal(thief["refresh_token"], victim["refresh_token"], "there is one chain")
    equal(store.outcome(thief["refresh_token"], now=NOW + 500), "rotated", "the thief goes on")
    equal(store.outcome(victim["refresh_token"], now=NOW + 1100), "reuse", "the victim is met")


@test("thief and victim in turns are found at the first turn outside grace", point=12, alone=BOTH)
def in_turns(bench):
    store = bench.store()
    token = store.login("alice", now=NOW)["refresh_token"]
    holders = {"thief": token, "victim": token}
    for turn in range(50):
        for name in holders:
            answer = store.refresh(holders[name], now=NOW + 600 * (2 * turn + (name == "victim")) + 1)
            check(answer is not None, "the session was not ended before")
            if answer["outcome"] == "reuse":
                equal((turn, name), (0, "victim"), "when it was found")
                return
            holders[name] = answer["refresh_token"]
    raise Failed("fifty turns, and nobody was noticed")


@test("policy on_reuse = subject ends all sessions of the subject, and no other", alone=BOTH)
def reuse_subject(bench):
    for recursive in ("OFF", "ON"):
        store = bench.attach(str(bench.folder / recursive))
        store.db.execute(f"PRAGMA recursive_triggers = {recursive}")
        store.install()
        store.create_key("access", now=NOW)
        store.create_key("refresh", now=NOW)
        bench.policy(store, "", on_reuse="subject")
        first = store.login("alice", now=NOW)
        others = [store.login("alice", client, now=NOW) for client in ("", "mobile", "tv")]
        bystander = store.login("bob", now=NOW)
        store.refresh(first["refresh_token"], now=NOW + 1)
        equal(store.outcome(first["refresh_token"], now=NOW + 50), "reuse", "one row is answered")
        why = [store.session(other["sid"])["revoked_why"] for other in others]
        equal(why, ["reuse elsewhere"] * 3, f"recursive_triggers {recursive}")
        equal(store.session(bystander["sid"])["revoked_at"], None, "others live")
        equal(
            store.value("SELECT count(*) FROM jwt_event WHERE kind = 'revoked'"),
            4,
            "each is in the audit once",
        )


@test("rotate = 0 keeps the refresh token, which ends with the session", alone=BOTH)
def kept(bench):
    store = bench.store()
    bench.policy(store, "server", rotate=0, idle_ttl=1000, abs_ttl=5000)
    first = store.login("alice", "server", now=NOW)
    equal(first["refresh_exp"], NOW + 5000, "it ends with the session")
    for step in range(1, 6):
        again = store.refresh(first["refresh_token"], "server", now=NOW + 900 * step)
        equal(
            (again["outcome"], again["refresh_token"]),
            ("kept", first["refresh_token"]),
            f"after {900 * step} s",
        )
        equal(
            store.session(first["sid"])["idle_exp"],
            min(NOW + 900 * step + 1000, NOW + 5000),
            "idle_exp moves",
        )
    equal(store.refresh(first["refresh_token"], "server", now=NOW + 5000), None, "at abs_exp")
    second = store.login("alice", "server", now=NOW)
    equal(store.refresh(second["refresh_token"], "server", now=NOW + 1000), None, "not used in time")


@test("changing rotate changes sessions at their next refresh", alone=BOTH)
def rotate_switched(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)["refresh_token"]
    bench.policy(store, "", rotate=0)
    second = store.refresh(first, now=NOW + 10)
    equal((second["outcome"], second["refresh_exp"]), ("rotated", NOW + 90 * 86400), "one that lasts is made")
    equal(store.outcome(second["refresh_token"], now=NOW + 20), "kept", "and kept")
    bench.policy(store, "", rotate=1)
    equal(store.outcome(second["refresh_token"], now=NOW + 30), "rotated", "and back")
    equal(store.outcome(second["refresh_token"], now=NOW + 90), "reuse", "and watched again")


@test("every session ends: idle_exp never passes abs_exp, abs_exp never moves", point=13, alone=BOTH)
def every_session_ends(bench):
    store = bench.store(idle_ttl=1000, abs_ttl=4500)
    first = store.login("alice", now=NOW)
    token, now = first["refresh_token"], NOW
    for step in range(1, 5):
        now = NOW + 999 * step
        answer = store.refresh(token, now=now)
        token = answer["refresh_token"]
        row = store.session(first["sid"])
        equal(
            (row["abs_exp"], row["idle_exp"]),
            (NOW + 4500, min(now + 1000, NOW + 4500)),
            f"after {999 * step} s",
        )
        check(row["access_exp"] <= row["idle_exp"], "no access token outlives its session")
        equal(answer["refresh_exp"], row["idle_exp"], "nor does the refresh token")
    equal(store.outcome(token, now=NOW + 4499), "rotated", "a second before abs_exp")
    equal(store.refresh(token, now=NOW + 4500), None, "at abs_exp")
    for column in ("abs_exp", "idle_exp", "refresh_exp", "access_exp"):
        try:
            store.db.execute(f"UPDATE jwt_session SET {column} = NULL")
        except Exception as error:
            check("NOT NULL constraint failed" in str(error), "why", str(error))
        else:
            raise Failed(f"{column} may be NULL: a session without an end")


@test("an unused session ends after idle_ttl", alone=BOTH)
def idle(bench):
    store = bench.store(idle_ttl=1000)
    first = store.login("alice", now=NOW)
    second = store.refresh(first["refresh_token"], now=NOW + 500)
    equal(store.refresh(second["refresh_token"], now=NOW + 1500), None, "a second too late")
    equal(store.sessions("alice", now=NOW + 1500), [], "it is no device any more")
    equal(store.outcome(second["refresh_token"], now=NOW + 1499), "rotated", "a second earlier")


@test("who presents another client's token, or another key, gets nothing and writes nothing", alone=BOTH)
def bound(bench):
    store = bench.store()
    plain = store.login("alice", "web", now=NOW)
    tied = store.login("alice", "web", jkt="thumbprint-1", now=NOW)
    equal((plain["token_type"], tied["token_type"]), ("Bearer", "DPoP"), "token types")
    before = store.session(plain["sid"]), store.session(tied["sid"])
    for pair, wrong in (
        (plain, {"client": "mobile"}),
        (plain, {}),
        (plain, {"client": "web", "jkt": "thumbprint-1"}),
        (tied, {"client": "web"}),
        (tied, {"client": "web", "jkt": "thumbprint-2"}),
    ):
        equal(store.refresh(pair["refresh_token"], now=NOW + 1, **wrong), None, f"with {wrong}")
    equal((store.session(plain["sid"]), store.session(tied["sid"])), before, "rows")
    answer = store.refresh(tied["refresh_token"], "web", "thumbprint-1", now=NOW + 1)
    equal((answer["outcome"], answer["token_type"]), ("rotated", "DPoP"), "with the key")
    equal(store.status(answer["access_token"], now=NOW + 2), "cnf_mismatch", "no downgrade to a bearer token")
    equal(store.status(answer["access_token"], jkt="thumbprint-1", now=NOW + 2), "ok", "with the key")


@test("junk, forgeries and foreign tokens get nothing and write nothing", alone=BOTH)
def junk(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    before = store.session(pair["sid"]), store.value("SELECT count(*) FROM jwt_event")
    token = pair["refresh_token"]
    head, body, mac = token.split(".")
    elsewhere = bench.attach(str(bench.folder / "other.db"))
    elsewhere.install()
    for use in ("access", "refresh"):
        elsewhere.create_key(use, now=NOW)
    foreign = elsewhere.login("alice", now=NOW)["refresh_token"]
    forged = [
        store.value(
            "SELECT jwt_sign(?, jwk_generate('HS256', json_object('kid', kid)), '{\"typ\":\"rt+jwt\"}') "
            "FROM jwt_key WHERE use = 'refresh'",
            store.payload(token),
        )
    ]
    for bad in (
        None,
        "",
        "junk",
        b"junk",
        7,
        "..",
        token[:-1],
        token + "A",
        f"{head}.{body}.",
        f"{head}..{mac}",
        token.replace(".", "..", 1),
        foreign,
        *forged,
        "x" * 100_000,
        token + "\0",
    ):
        equal(store.refresh(bad, now=NOW + 1), None, f"refresh of {str(bad)[:30]!r}")
    equal(
        (store.session(pair["sid"]), store.value("SELECT count(*) FROM jwt_event")),
        before,
        "nothing was written",
    )
    equal(store.outcome(token, now=NOW + 1), "rotated", "and the token is as good as before")


@test("a token with the right MAC and another session's salt gets nothing")
def salt(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    for change in ("$.salt", "$.sid", "$.client"):
        forged = store.value(
            "SELECT jwt_sign(json_set(?, ?, 'other'), jwk, '{\"typ\":\"rt+jwt\"}') FROM jwt_key WHERE use = 'refresh'",
            store.payload(pair["refresh_token"]),
            change,
        )
        equal(store.refresh(forged, now=NOW + 1), None, f"another {change}")


@test("an access token is refused at refresh, and the reverse", point=18, alone=BOTH)
def token_types(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    equal(store.refresh(pair["access_token"], now=NOW + 1), None, "an access token at refresh")
    check(store.status(pair["refresh_token"], now=NOW + 1) != "ok", "a refresh token at authenticate")
    keys = store.jwks(now=NOW)["jwks"]
    check(
        store.authenticate_stateless(pair["refresh_token"], keys, OPTIONS, now=NOW + 1)["status"] != "ok",
        "a refresh token at authenticate_stateless",
    )
    equal(
        store.revoke_access_token(pair["refresh_token"], now=NOW + 1),
        None,
        "a refresh token as a leaked access token",
    )
    # The same key for both is what the store keeps apart; the type holds even then.
    for use, typ, payload in (
        ("access", "rt+jwt", pair["access_token"]),
        ("refresh", "at+jwt", pair["refresh_token"]),
    ):
        wrong = store.value(
            "SELECT jwt_sign(?, jwk, json_object('typ', ?)) FROM jwt_key WHERE use = ?",
            store.payload(payload),
            typ,
            use,
        )
        check(store.status(wrong, now=NOW + 1) != "ok", f"typ {typ}, {use} key, at authenticate")
        equal(store.refresh(wrong, now=NOW + 1), None, f"typ {typ}, {use} key, at refresh")
        equal(
            store.introspect(wrong, now=NOW + 1)["response"],
            '{"active":false}',
            f"typ {typ}, {use} key, introspected",
        )


@test(
    "a database from a backup: a token newer than its row is refused, and nothing is ended",
    point=19,
    alone=BOTH,
)
def restored(bench):
    store = bench.store()
    first = store.login("alice", now=NOW)["refresh_token"]
    second = store.refresh(first, now=NOW + 10)["refresh_token"]
    backup = bench.connect(str(bench.folder / "backup.db"))
    store.db.backup(backup)
    third = store.refresh(second, now=NOW + 20)["refresh_token"]
    fourth = store.refresh(third, now=NOW + 30)["refresh_token"]
    backup.close()
    old = bench.attach(str(bench.folder / "backup.db"))
    for token in (third, fourth):
        equal(old.refresh(token, now=NOW + 100), None, "a token from the future of this database")
    equal(old.value("SELECT count(*) FROM jwt_session WHERE revoked_at IS NULL"), 1, "the session lives")
    equal(old.outcome(second, now=NOW + 100), "rotated", "and its own token goes on")


@test("5,000 refreshes leave one row, and the file as large as it was", point=21)
def many_refreshes(bench):
    store = bench.attach()
    store.install()
    store.create_key("access", "HS256", now=NOW)
    store.create_key("refresh", now=NOW)
    bench.policy(store, "", abs_ttl=10**9, idle_ttl=10**9)
    token = store.login("alice", now=NOW)["refresh_token"]
    tables = [name for (name,) in store.db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]

    def rows():
        return {name: store.value(f'SELECT count(*) FROM "{name}"') for name in tables}

    before, pages = rows(), store.value("PRAGMA page_count")
    with store.transaction():
        for step in range(5000):
            token = store.refresh(token, now=NOW + step)["refresh_token"]
    equal(rows(), before, "rows of each table")
    check(store.value("PRAGMA page_count") <= pages + 1, "pages", store.value("PRAGMA page_count"), pages)
    equal(store.value("SELECT gen FROM jwt_session"), 5000, "generations")


@test("the clock going backwards revives no session", point=22, alone=BOTH)
def clock_backwards(bench):
    store = bench.store()
    ended = store.login("alice", now=NOW)
    kept_token = store.login("alice", now=NOW)["refresh_token"]
    stolen = store.login("alice", now=NOW)
    store.refresh(stolen["refresh_token"], now=NOW + 50)
    equal(store.outcome(stolen["refresh_token"], now=NOW + 100), "reuse", "reuse")
    store.logout(ended["sid"], "alice", now=NOW + 100)
    for back in (NOW + 99, NOW + 1, NOW):
        for pair in (ended, stolen):
            equal(store.refresh(pair["refresh_token"], now=back), None, f"refresh at {back - NOW}")
            equal(
                store.status(pair["access_token"], now=back), "session_ended", f"authenticate at {back - NOW}"
            )
        equal(len(store.sessions("alice", now=back)), 1, "devices")
    after = store.refresh(kept_token, now=NOW + 100)["refresh_token"]
    equal(store.refresh(after, now=NOW + 50), None, "a token from the future waits")
    equal(store.outcome(after, now=NOW + 100), "rotated", "until its time has come")


@test("what was revoked cannot be revived, and gen cannot fall, by any statement")
def never_revived(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    store.refresh(pair["refresh_token"], now=NOW + 1)
    store.logout(pair["sid"], "alice", now=NOW + 2)
    for recursive in ("OFF", "ON"):
        store.db.execute(f"PRAGMA recursive_triggers = {recursive}")
        for sql in (
            "UPDATE jwt_session SET revoked_at = NULL",
            "UPDATE jwt_session SET gen = 0",
            "UPDATE OR REPLACE jwt_session SET revoked_at = NULL",
            "UPDATE jwt_session SET sub = 'bob'",
            "UPDATE jwt_session SET revoked_at = revoked_at + 1",
            "UPDATE jwt_session SET salt = 'x'",
            "UPDATE OR IGNORE jwt_session SET revoked_at = NULL",
            "INSERT OR REPLACE INTO jwt_session (sid, sub, client, iss, aud, salt, created_at, rotated_at,"
            " used_at, access_exp, refresh_exp, idle_exp, abs_exp, access_kid, refresh_kid)"
            " SELECT sid, sub, client, iss, aud, salt, created_at, rotated_at, used_at, access_exp,"
            " refresh_exp, idle_exp, abs_exp, access_kid, refresh_kid FROM jwt_session",
        ):
            before = store.session(pair["sid"])
            try:
                store.db.execute(sql)
            except Exception as error:
                check("session" in str(error), "the message says what holds", sql, str(error))
            equal(store.session(pair["sid"]), before, sql)

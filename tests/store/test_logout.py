"""Ending sessions: one, all, all but one, by token, by another issuer, by rules, by time."""

import itertools
import json

from harness import NOW, OPTIONS, Failed, check, equal, test

BOTH = (True, False)


def alive(store, pair, now, client=None):
    """Whether both tokens of a pair are good; they never differ."""
    access = store.status(pair["access_token"], now=now) == "ok"
    refresh = store.db.execute(
        "SELECT 1 FROM jwt_session WHERE sid = ? AND revoked_at IS NULL", (pair["sid"],)
    ).fetchone()
    check(access == (refresh is not None), "access and refresh agree")
    return access


@test("logout ends one session, of its owner only, once", alone=BOTH)
def logout(bench):
    store = bench.store()
    mine, other = store.login("alice", now=NOW), store.login("alice", now=NOW)
    for wrong in ("bob", None, ""):
        equal(store.logout(mine["sid"], wrong, now=NOW + 1), None, f"by {wrong!r}")
    equal(store.status(mine["access_token"], now=NOW + 1), "ok", "before")
    equal(
        store.logout(mine["sid"], "alice", "lost phone", "admin", now=NOW + 1),
        {"sid": mine["sid"]},
        "its owner",
    )
    equal(store.logout(mine["sid"], "alice", now=NOW + 2), None, "again")
    equal((alive(store, mine, NOW + 2), alive(store, other, NOW + 2)), (False, True), "this one and no other")
    row = store.session(mine["sid"])
    equal((row["revoked_at"], row["revoked_why"], row["revoked_by"]), (NOW + 1, "lost phone", "admin"), "why")


@test("logout everywhere: the session that is kept lives, those of the same second die", point=16, alone=BOTH)
def same_second(bench):
    store = bench.store()
    before = [store.login("alice", now=when) for when in (NOW - 5, NOW, NOW)]
    keep = store.login("alice", now=NOW)
    bystander = store.login("bob", now=NOW)
    ended = store.logout_everywhere("alice", keep["sid"], now=NOW)
    after = store.login("alice", now=NOW)
    equal({row["sid"] for row in ended}, {pair["sid"] for pair in before}, "ended")
    equal(
        [alive(store, pair, NOW) for pair in (*before, keep, bystander, after)],
        [False] * 3 + [True] * 3,
        "earlier in this second, kept, another's, later in this second",
    )


@test("a changed password ends every session of every client, in all generations", point=20, alone=BOTH)
def password(bench):
    store = bench.store()
    pairs = [store.login("alice", client, now=NOW) for client in ("", "web", "mobile")]
    moved = [
        store.refresh(pair["refresh_token"], client, now=NOW + 10)
        for pair, client in zip(pairs, ("", "web", "mobile"))
    ]
    store.logout_everywhere("alice", reason="password changed", now=NOW + 20)
    for pair, client in zip(pairs + moved, ("", "web", "mobile") * 2):
        equal(store.refresh(pair["refresh_token"], client, now=NOW + 21), None, f"refresh of {client!r}")
        equal(
            store.status(pair["access_token"], now=NOW + 21), "session_ended", f"authenticate of {client!r}"
        )
    equal(store.sessions("alice", now=NOW + 21), [], "devices")
    equal(
        {row["reason"] for row in rows(store, "SELECT reason FROM jwt_audit WHERE kind = 'revoked'")},
        {"password changed"},
        "the audit",
    )


def rows(store, sql, *parameters):
    cursor = store.db.execute(sql, parameters)
    return [dict(zip([column[0] for column in cursor.description], row)) for row in cursor]


@test("logout everywhere of one client leaves the others", alone=BOTH)
def one_client(bench):
    store = bench.store()
    pairs = {client: store.login("alice", client, now=NOW) for client in ("", "web", "tv")}
    store.logout_everywhere("alice", client="tv", now=NOW)
    equal([alive(store, pair, NOW) for pair in pairs.values()], [True, True, False], "app, web, tv")
    store.logout_everywhere("alice", client="", now=NOW)
    equal(
        [alive(store, pair, NOW) for pair in pairs.values()],
        [False, True, False],
        "the client without a name",
    )


@test("the list of devices", alone=BOTH)
def devices(bench):
    store = bench.store()
    first = store.login("alice", "web", scope="a", ip="192.0.2.1", user_agent="one", now=NOW)
    second = store.login("alice", "tv", now=NOW + 1)
    gone = store.login("alice", now=NOW)
    store.login("bob", now=NOW)
    store.logout(gone["sid"], "alice", now=NOW + 2)
    store.refresh(first["refresh_token"], "web", now=NOW + 50)
    listed = store.sessions("alice", second["sid"], now=NOW + 60)
    equal(
        [
            (row["sid"], row["client"], row["ip"], row["user_agent"], row["used_at"], row["current"])
            for row in listed
        ],
        [
            (first["sid"], "web", "192.0.2.1", "one", NOW + 50, 0),
            (second["sid"], "tv", None, None, NOW + 1, 1),
        ],
        "it",
    )
    store.login("carol")
    equal(len(rows(store, "SELECT * FROM jwt_sessions_live")), 1, "the view goes by the clock")


@test("max_sessions: the oldest make room, the new one stays, others do not count", alone=BOTH)
def eviction(bench):
    store = bench.store(max_sessions=2)
    bench.policy(store, "tv", max_sessions=None)
    pairs = [store.login("alice", now=NOW) for _ in range(3)]
    equal(alive(store, pairs[-1], NOW), True, "the new one, all in one second")
    equal(sum(alive(store, pair, NOW) for pair in pairs), 2, "how many live")
    later = [store.login("alice", now=NOW + step) for step in (10, 20)]
    equal(
        [alive(store, pair, NOW + 20) for pair in pairs + later], [False] * 3 + [True] * 2, "the newest two"
    )
    for _ in range(5):
        store.login("alice", "tv", now=NOW + 20)
    store.login("bob", now=NOW + 20)
    equal(len(store.sessions("alice", now=NOW + 20)), 7, "another client has its own policy")
    bench.policy(store, "", idle_ttl=5)
    asleep = store.login("carol", now=NOW + 21)
    bench.policy(store, "", idle_ttl=10**6)
    awake = [store.login("carol", now=NOW + 100 + step) for step in range(2)]
    equal(
        [alive(store, pair, NOW + 102) for pair in awake], [True, True], "one that idled away takes no room"
    )
    check(store.session(asleep["sid"])["revoked_why"] == "max_sessions", "it is gone for good")


@test("revoke_token ends the session of either token, for its client only (RFC 7009)", alone=BOTH)
def revoke_token(bench):
    store = bench.store()
    for which in ("access_token", "refresh_token"):
        pair = store.login("alice", "web", now=NOW)
        for wrong in ("", "tv", None):
            equal(store.revoke_token(pair[which], wrong, now=NOW + 1), None, f"{which} by {wrong!r}")
        equal(store.status(pair["access_token"], now=NOW + 1), "ok", "left alone")
        equal(
            store.revoke_token(pair[which], "web", now=NOW + 1), {"sid": pair["sid"], "sub": "alice"}, which
        )
        equal(store.status(pair["access_token"], now=NOW + 1), "session_ended", "its access token")
        equal(store.refresh(pair["refresh_token"], "web", now=NOW + 1), None, "its refresh token")
        equal(store.revoke_token(pair[which], "web", now=NOW + 2), None, "again")
    old = store.login("alice", "web", now=NOW)
    store.refresh(old["refresh_token"], "web", now=NOW + 1)
    check(
        store.revoke_token(old["refresh_token"], "web", now=NOW + 99), "a token of an older generation, too"
    )
    for bad in (None, "", "junk", old["refresh_token"][:-2] + "AA"):
        equal(store.revoke_token(bad, "web", now=NOW + 1), None, f"{bad!r}")


@test("revoke_access_token ends one token, and its session goes on", alone=BOTH)
def revoke_access_token(bench):
    store = bench.store()
    pair = store.login("alice", now=NOW)
    equal(
        store.revoke_access_token(pair["access_token"], "in a log", "admin", now=NOW + 1),
        {"reason": "in a log"},
        "it",
    )
    equal(store.status(pair["access_token"], now=NOW + 2), "revoked", "the token")
    again = store.refresh(pair["refresh_token"], now=NOW + 2)
    equal(
        (again["outcome"], store.status(again["access_token"], now=NOW + 2)), ("rotated", "ok"), "the session"
    )
    equal(
        store.introspect(pair["access_token"], now=NOW + 2)["response"], '{"active":false}', "introspection"
    )
    head, body, signature = again["access_token"].split(".")
    forged = f"{head}.{body}.{'A' * len(signature)}"
    equal(store.revoke_access_token(forged, now=NOW + 3), None, "a forged token revokes nothing")
    equal(store.status(again["access_token"], now=NOW + 3), "ok", "the genuine one")
    equal(store.value("SELECT count(*) FROM jwt_revoked"), 1, "rules")


RULES = {
    "jti": "INSERT INTO jwt_revoked (iss, jti) VALUES ('app', :jti)",
    "sid": "INSERT INTO jwt_revoked (sid) VALUES (:sid)",
    "sub": "INSERT INTO jwt_revoked (sub) VALUES ('alice')",
    "client, before": "INSERT INTO jwt_revoked (client_id, issued_before) VALUES ('web', :now + 1)",
    "all, before": "INSERT INTO jwt_revoked (issued_before) VALUES (:now + 1)",
    "aud and sub": "INSERT INTO jwt_revoked (aud, sub) VALUES ('app', 'alice')",
    "iss": "INSERT INTO jwt_revoked (iss) VALUES ('app')",
    "kid": "INSERT INTO jwt_revoked (kid) SELECT kid FROM jwt_key WHERE use = 'access'",
}
# Rules for others, and cut-offs that are over: they neither hit nor hide one that does.
DECOYS = [
    "INSERT INTO jwt_revoked (sub) VALUES ('bob')",
    "INSERT INTO jwt_revoked (sid) VALUES ('other')",
    "INSERT INTO jwt_revoked (issued_before) VALUES (1)",
    "INSERT INTO jwt_revoked (client_id, issued_before) VALUES ('web', 5)",
    "INSERT INTO jwt_revoked (aud, sub) VALUES ('other', 'alice')",
]


@test("rules: each subset that has a rule for the token ends it, whatever else is there", point=15)
def rule_subsets(bench):
    store = bench.store()
    pair = store.login("alice", "web", now=NOW)
    values = {"jti": json.loads(store.payload(pair["access_token"]))["jti"], "sid": pair["sid"], "now": NOW}
    for size in range(len(RULES) + 1):
        for names in itertools.combinations(RULES, size):
            for decoys in ([], DECOYS):
                store.db.execute("BEGIN")
                for sql in [RULES[name] for name in names] + decoys:
                    store.db.execute(
                        sql, {name: value for name, value in values.items() if f":{name}" in sql}
                    )
                status = store.status(pair["access_token"], now=NOW + 5)
                active = json.loads(store.introspect(pair["access_token"], now=NOW + 5)["response"])["active"]
                # A jti names one access token, a kid an access key; all others end the session's refresh tokens as well.
                refreshed = store.outcome(pair["refresh_token"], "web", now=NOW + 5)
                store.db.execute("ROLLBACK")
                equal(
                    (status, active),
                    ("revoked", False) if names else ("ok", True),
                    f"{names}, {len(decoys)} decoys",
                )
                equal(refreshed, None if set(names) - {"jti", "kid"} else "rotated", f"refresh with {names}")


@test("a cut-off holds for sessions from before it, not only for their tokens", point=15, alone=BOTH)
def cut_off(bench):
    store = bench.store()
    before = store.login("alice", now=NOW)
    store.db.execute("INSERT INTO jwt_revoked (sub, issued_before) VALUES ('alice', ?)", (NOW + 10,))
    equal(store.refresh(before["refresh_token"], now=NOW + 20), None, "no refresh makes it younger")
    after = store.login("alice", now=NOW + 20)
    equal(
        (
            store.status(after["access_token"], now=NOW + 20),
            store.outcome(after["refresh_token"], now=NOW + 20),
        ),
        ("ok", "rotated"),
        "a login from after it",
    )


@test("a suspended subject cannot log in, and can again when the rule is lifted", alone=BOTH)
def suspended(bench):
    store = bench.store()
    store.db.execute("INSERT INTO jwt_revoked (sub, reason) VALUES ('alice', 'suspended')")
    equal(store.login("alice", now=NOW), None, "suspended")
    equal(store.value("SELECT count(*) FROM jwt_session"), 0, "nothing was written")
    check(store.login("bob", now=NOW), "others can")
    store.db.execute("DELETE FROM jwt_revoked WHERE sub = 'alice'")
    check(store.login("alice", now=NOW), "lifted")


@test("introspection says of a live token what RFC 7662 asks for, and of any other nothing", alone=BOTH)
def introspection(bench):
    store = bench.store()
    pair = store.login("alice", "web", scope="a b", now=NOW)
    answer = json.loads(store.introspect(pair["access_token"], now=NOW + 1)["response"])
    check(answer.pop("jti"), "jti")
    equal(
        answer,
        {
            "active": True,
            "scope": "a b",
            "client_id": "web",
            "token_type": "Bearer",
            "exp": NOW + 600,
            "iat": NOW,
            "sub": "alice",
            "aud": "app",
            "iss": "app",
            "sid": pair["sid"],
        },
        "an access token",
    )
    answer = json.loads(store.introspect(pair["refresh_token"], now=NOW + 1)["response"])
    equal(
        answer,
        {
            "active": True,
            "scope": "a b",
            "client_id": "web",
            "exp": NOW + 14 * 86400,
            "iat": NOW,
            "sub": "alice",
            "iss": "app",
            "sid": pair["sid"],
        },
        "a refresh token",
    )
    tied = store.login("alice", jkt="thumbprint", now=NOW)
    answer = json.loads(store.introspect(tied["access_token"], now=NOW + 1)["response"])
    equal(
        (answer["active"], answer["token_type"], answer["cnf"]),
        (True, "DPoP", {"jkt": "thumbprint"}),
        "a bound token",
    )
    second = store.refresh(pair["refresh_token"], "web", now=NOW + 2)
    dead = [pair["refresh_token"], "junk", None, "", pair["access_token"] + "A"]
    store.logout(pair["sid"], "alice", now=NOW + 3)
    dead += [second["access_token"], second["refresh_token"], pair["access_token"]]
    for token in dead:
        equal(store.introspect(token, now=NOW + 4)["response"], '{"active":false}', "nothing else")
    equal(store.introspect(tied["access_token"], now=NOW + 600)["response"], '{"active":false}', "expired")


@test("authenticate: a status always, claims only with ok", alone=BOTH)
def authenticate(bench):
    store = bench.store()
    pair = store.login("alice", "web", scope="a b", claims='{"role":"x"}', now=NOW)
    token = pair["access_token"]
    good = store.authenticate(token, now=NOW + 1)
    equal(
        [good[name] for name in ("status", "sub", "sid", "client", "scope", "exp")],
        ["ok", "alice", pair["sid"], "web", "a b", NOW + 600],
        "good",
    )
    equal(good["claims"], store.payload(token), "its claims")
    keys = store.jwks(now=NOW)["jwks"]
    equal(
        store.value("SELECT options FROM jwt_policy"), OPTIONS, "what the policy hands to stateless verifiers"
    )
    stateless = store.authenticate_stateless(token, keys, OPTIONS, now=NOW + 1)
    equal(stateless, good, "stateless says the same")
    cases = [
        ({"now": NOW + 600}, "expired"),
        ({"now": NOW - 1}, "issued_in_future"),
        ({"aud": "other"}, "aud_mismatch"),
        ({"iss": "other"}, "iss_mismatch"),
        ({"scope": "a c"}, "scope_missing"),
        ({"scope": "b a"}, "ok"),
    ]
    for change, status in cases:
        given = {"now": NOW + 1, **change}
        row = store.authenticate(token, **given)
        equal(row["status"], status, f"with {change}")
        check(
            status == "ok" or not any(value for name, value in row.items() if name != "status"),
            "claims of a bad token",
        )
        options = {
            **json.loads(OPTIONS),
            **{name: given.pop(name) for name in ("iss", "aud") if name in given},
        }
        row = store.authenticate_stateless(token, keys, json.dumps(options), **given)
        equal(row["status"], status, f"stateless, with {change}")
    for bad in (None, "", "junk", token[:-4] + "AAAA", b"x", 5):
        row = store.authenticate(bad, now=NOW + 1)
        check(row["status"] not in ("ok", None), "a bad token has a status")
        equal(set(list(row.values())[1:]), {None}, "and nothing else")
    store.logout(pair["sid"], "alice", now=NOW + 2)
    row = store.authenticate(token, now=NOW + 3)
    equal((row["status"], set(list(row.values())[1:])), ("session_ended", {None}), "after a logout")
    equal(
        store.authenticate_stateless(token, keys, OPTIONS, now=NOW + 3)["status"],
        "ok",
        "stateless has no memory",
    )
    for lost in (None, '{"profile":"at+jwt","iss":"app"}', '{"profile":"at+jwt","aud":"app"}', "", "junk"):
        for now in (None, NOW + 1):
            try:
                store.authenticate_stateless(token, keys, lost, now=now)
            except Exception as error:
                check("options" in str(error) or "JSON" in str(error), "it names what is wrong", str(error))
            else:
                raise Failed(f"options {lost!r} let the token in")


@test("a token whose time comes between its verdict and its status is not ok without claims", alone=BOTH)
def status_by_another_moment(bench):
    store = bench.store()
    early = store.login("alice", now=NOW + 10)["access_token"]
    keys = store.jwks(now=NOW)["jwks"]
    # What jwt_status would answer a moment later.
    store.db.create_function("jwt_status", 3, lambda *given: "ok")
    for row in (
        store.authenticate(early, now=NOW),
        store.authenticate_stateless(early, keys, OPTIONS, now=NOW),
    ):
        equal((row["status"], row["sub"]), ("issued_in_future", None), "status and sub")


@test("prune deletes what is over, and only that, so many rows at a time", point=13, alone=BOTH)
def prune(bench):
    store = bench.store(idle_ttl=1000)
    live = store.login("alice", now=NOW + 900)
    idle = [store.login("alice", now=NOW) for _ in range(5)]
    ended = [store.login("alice", now=NOW + 900) for _ in range(5)]
    for pair in ended:
        store.logout(pair["sid"], "alice", now=NOW + 950)
    store.use_once("issuer", "old", NOW, now=NOW)
    store.use_once("issuer", "new", NOW + 5000, now=NOW)

    def left():
        return [
            store.value(f"SELECT count(*) FROM {name}") for name in ("jwt_session", "jwt_event", "jwt_once")
        ]

    events = left()[1]
    store.prune(now=NOW + 960, keep_sessions=1000)
    equal(left(), [11, events, 1], "kept for a while")
    store.prune(now=NOW + 960)
    equal(left(), [6, events, 1], "ended sessions")
    store.prune(3, now=NOW + 1000)
    equal(left(), [3, events, 1], "three of those that idled away")
    store.prune(3, now=NOW + 1000)
    equal(left(), [1, events, 1], "the rest")
    equal(store.status(live["access_token"], now=NOW + 1000), "ok", "the live one")
    equal(store.refresh(idle[0]["refresh_token"], now=NOW + 500), None, "a pruned session is no session")
    store.prune(2, now=NOW + 1000, keep_events=10)
    equal(left()[1], events - 2, "two of the old events")
    store.prune(now=NOW + 1000, keep_events=10)
    equal(left()[1], 0, "all of them")
    equal(store.value("SELECT pruning FROM jwt_store_meta"), 0, "the door is shut")


@test("the audit is append-only, but for prune")
def append_only(bench):
    store = bench.store()
    store.login("alice", now=NOW)
    before = rows(store, "SELECT * FROM jwt_event ORDER BY id")
    for recursive in ("OFF", "ON"):
        store.db.execute(f"PRAGMA recursive_triggers = {recursive}")
        for sql in (
            "UPDATE jwt_event SET at = 1",
            "DELETE FROM jwt_event",
            "UPDATE OR REPLACE jwt_event SET id = id + 1",
            "INSERT OR REPLACE INTO jwt_event (id, at, kind) SELECT id, 0, 'x' FROM jwt_event",
        ):
            try:
                store.db.execute(sql)
            except Exception as error:
                check("append-only" in str(error), "why", str(error))
            else:
                raise Failed(sql + " was allowed")
    equal(rows(store, "SELECT * FROM jwt_event ORDER BY id"), before, "events")


@test("back-channel logout: the issuer's token counts once, and ends what it names", alone=BOTH)
def backchannel(bench):
    store = bench.store()
    key = store.value("SELECT jwk_generate('ES256')")
    keys = store.value("SELECT jwks(?)", key)
    claims = {
        "iss": "https://idp.example",
        "aud": "our-client",
        "iat": NOW,
        "exp": NOW + 120,
        "jti": "one",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }

    def token(**more):
        return store.value(
            'SELECT jwt_sign(?, ?, \'{"typ":"logout+jwt"}\')', json.dumps({**claims, **more}), key
        )

    def send(sent, now=NOW + 5, **more):
        return store.backchannel_logout(
            sent,
            **{"idp_keys": keys, "idp_iss": "https://idp.example", "aud": "our-client", "now": now, **more},
        )

    def login(sub, sid, issuer="https://idp.example"):
        return store.login(sub, idp_iss=issuer, idp_sub=sub, idp_sid=sid, now=NOW)

    phone, laptop, other = login("u1", "s1"), login("u1", "s2"), login("u2", "s3")
    elsewhere = login("u1", "s1", "https://other.example")
    for bad in (
        token(nonce="n", sid="s1"),
        token(aud="other", sid="s1"),
        token(),
        token(events={}, sid="s1"),
        "junk",
        None,
    ):
        equal(send(bad), None, "a token that does not qualify")
    equal(
        send(token(sid="s1"), idp_keys=store.value("SELECT jwks(jwk_generate('ES256'))")), None, "another key"
    )
    equal(send(token(sid="s1"), now=NOW + 500), None, "expired")
    equal(
        store.value("SELECT count(*) FROM jwt_session WHERE revoked_at IS NULL"),
        4,
        "nothing has happened so far",
    )
    equal(send(token(sid="s1")), {"jti": "one", "idp_sub": None, "idp_sid": "s1"}, "by sid")
    equal(
        [alive(store, pair, NOW + 5) for pair in (phone, laptop, other, elsewhere)],
        [False, True, True, True],
        "that one",
    )
    again = login("u1", "s1")
    equal(send(token(sid="s1")), None, "the same token again")
    equal(alive(store, again, NOW + 5), True, "ends nothing")
    equal(send(token(jti="two", sub="u1"))["idp_sub"], "u1", "by sub")
    equal(
        [alive(store, pair, NOW + 5) for pair in (again, laptop, other, elsewhere)],
        [False, False, True, True],
        "all of it",
    )
    equal(send(token(jti="three", sub="u9", sid="s3"))["jti"], "three", "a sid of somebody else")
    equal(alive(store, other, NOW + 5), True, "ends nothing")


@test("a token of others counts once", alone=BOTH)
def use_once(bench):
    store = bench.store()
    equal([store.use_once("a", "1", NOW + 60, now=NOW) for _ in range(2)], [{"jti": "1"}, None], "once")
    equal(store.use_once("b", "1", NOW + 60, now=NOW), {"jti": "1"}, "each issuer has its own")

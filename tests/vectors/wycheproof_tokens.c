/*
** wycheproof_tokens.c - Wycheproof's JWS and JWK files: tokens as they stand.
**
** Asked of jws_*: no valid token of these files has a payload that is a JSON
** object, so the jwt_* functions would refuse them all, for a good reason.
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

static const char cases[] =
    "SELECT ?1, json_extract(t.value, '$.tcId'), NULL, json_extract(t.value, '$.result'),"
    "  NULL, NULL, 'jws', NULL,"
    "  json_extract(t.value, '$.jws'),"
    "  coalesce(json_extract(g.value, '$.public'), json_extract(g.value, '$.private'))"
    " FROM json_each(vector(?1), '$.testGroups') g, json_each(g.value, '$.tests') t";

/*
** Test 4 of the keys has two keys of one kid, the second of them not canonical
** base64url. Here with that repaired, in either order, and with both the same.
*/
static const char twins[] =
    "WITH test AS (SELECT json_extract(g.value, '$.private') AS keys,"
    "   json_extract(g.value, '$.tests[0].jws') AS jws"
    "   FROM json_each(vector('wycheproof/json_web_key_test.dev.json'), '$.testGroups') g"
    "   WHERE json_extract(g.value, '$.tests[0].tcId') = 4),"
    " variant(what, keys) AS ("
    "   SELECT 'two keys of one kid are ambiguous', replace(keys, 'Bingge\"', 'Binggc\"') FROM test"
    "   UNION ALL SELECT 'in the other order, too', json_object('keys', json_array("
    "     json(replace(json_extract(keys, '$.keys[1]'), 'Bingge\"', 'Binggc\"')),"
    "     json_extract(keys, '$.keys[0]'))) FROM test"
    "   UNION ALL SELECT 'one key twice is ambiguous, too', json_object('keys', json_array("
    "     json_extract(keys, '$.keys[0]'), json_extract(keys, '$.keys[0]'))) FROM test)"
    " SELECT 'wycheproof/json_web_key_test.dev.json', what,"
    "  jws_status((SELECT jws FROM test), keys) = 'key_ambiguous' FROM variant";

void suite_wycheproof_tokens(struct run *run)
{
    cases_run(run, cases, "wycheproof/json_web_signature_test.dev.json");
    cases_run(run, cases, "wycheproof/json_web_key_test.dev.json");
    report_checks(run, 3, twins);
}

-- inspect.sql: what a token is, whether it is valid, and what is unwise about it.
--
-- Run by `make inspect TOKEN=... [KEY=file] [OPTIONS=json]`, which fills the
-- table below and loads the extension. By hand, in the sqlite3 shell:
--
--   .load ./jwt_ext
--   CREATE TEMP TABLE inspected AS
--     SELECT 'eyJ...' AS token, readfile('key.pem') AS verify_key, '{}' AS options;
--   .read sql/inspect.sql
--
-- A NULL verify_key means: no key at hand, read the token UNVERIFIED. Nothing
-- leaves this machine.

.headers on
.mode column
.nullvalue -

-- What a number of seconds from now reads like.
CREATE TEMP VIEW inspected_claim AS
SELECT c.key, c.value, c.type,
       c.key IN ('exp', 'nbf', 'iat', 'auth_time', 'updated_at', 'rotated_at')
         AND c.type IN ('integer', 'real') AND abs(c.value) < 1e11 AS is_time,
       c.value - strftime('%s', 'now') AS ahead
  FROM (SELECT e.* FROM inspected AS i, jwt_each(i.token) AS e WHERE i.verify_key IS NULL
        UNION ALL
        SELECT e.* FROM inspected AS i, jwt_each(i.token, i.verify_key, i.options) AS e
         WHERE i.verify_key IS NOT NULL) AS c;

CREATE TEMP VIEW inspected_verdict AS
SELECT CASE WHEN i.verify_key IS NULL THEN NULL
            ELSE jwt_explain(i.token, i.verify_key, i.options) END AS story
  FROM inspected AS i;

.print
.print HEADER (always unverified)
-- A token may hold what a terminal would obey: escape and control characters are shown as "?".
SELECT h.key AS member,
       CASE WHEN typeof(h.value) = 'text' THEN
         replace(replace(replace(replace(h.value, char(27), '?'), char(155), '?'), char(13), '?'), char(8), '?')
       ELSE h.value END AS value
  FROM inspected AS i, json_each(coalesce(jwt_header(i.token), '{}')) AS h;

.print
.headers off
.mode list
SELECT CASE
         WHEN i.verify_key IS NULL AND jwt_payload(i.token) IS NULL
           THEN 'CLAIMS: none, this is no JWT'
         WHEN i.verify_key IS NULL THEN 'CLAIMS: UNVERIFIED, no key was given'
         WHEN jwt_verify(i.token, i.verify_key, i.options) THEN 'CLAIMS: verified'
         ELSE 'CLAIMS: not shown, the token is not valid (leave the key out to read them unverified)'
       END
  FROM inspected AS i;
.headers on
.mode column
SELECT replace(c.key, char(27), '?') AS claim,
       CASE WHEN typeof(c.value) = 'text' THEN
         replace(replace(replace(replace(c.value, char(27), '?'), char(155), '?'), char(13), '?'), char(8), '?')
       ELSE c.value END AS value,
       CASE WHEN c.is_time THEN datetime(c.value, 'unixepoch') || ' UTC, ' ||
         CASE WHEN c.ahead > 0 THEN 'in ' ELSE '' END ||
         CASE WHEN abs(c.ahead) >= 172800 THEN (abs(c.ahead) / 86400) || ' days'
              WHEN abs(c.ahead) >= 7200 THEN (abs(c.ahead) / 3600) || ' hours'
              WHEN abs(c.ahead) >= 120 THEN (abs(c.ahead) / 60) || ' minutes'
              ELSE abs(c.ahead) || ' seconds' END ||
         CASE WHEN c.ahead > 0 THEN '' ELSE ' ago' END
       END AS reads
  FROM inspected_claim AS c;

.print
.print VERDICT
SELECT coalesce(json_extract(v.story, '$.status'), 'not asked: no key was given') AS status,
       json_extract(v.story, '$.detail') AS detail,
       json_extract(v.story, '$.remedy') AS remedy
  FROM inspected_verdict AS v;
SELECT json_extract(n.value, '$.note') AS "left open"
  FROM inspected_verdict AS v, json_each(v.story, '$.checks') AS n
 WHERE json_extract(n.value, '$.note') IS NOT NULL;

.print
.print FINDINGS
SELECT l.severity, l.rule, l.message, l.reference
  FROM inspected AS i, jwt_lint(i.token, i.verify_key) AS l;

-- HS256 in plain SQL over pgcrypto, as published recipes have it, with the whole policy.
--   :tokens, :payloads, :bad   CSV files     :secret (base64url)  :issuer  :audience
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET enable_memoize = off; -- or equal calls look free
SET jit = off;
SET max_parallel_workers_per_gather = 0;
CREATE EXTENSION pgcrypto;

CREATE FUNCTION from_base64url(part text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT decode(rpad(translate(part, '-_', '+/'), (length(part) + 3) / 4 * 4, '='), 'base64') $$;
CREATE FUNCTION to_base64url(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(rtrim(replace(encode(bytes, 'base64'), E'\n', ''), '='), '+/', '-_') $$;
CREATE FUNCTION claims_of(token text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT convert_from(from_base64url(split_part(token, '.', 2)), 'utf8')::jsonb $$;
CREATE FUNCTION verify(token text, secret bytea, issuer text, audience text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT convert_from(from_base64url(split_part(token, '.', 1)), 'utf8')::jsonb ->> 'alg' = 'HS256'
       AND from_base64url(split_part(token, '.', 3))
           = hmac(convert_to(split_part(token, '.', 1) || '.' || split_part(token, '.', 2), 'utf8'), secret, 'sha256')
       AND (SELECT (c ->> 'exp')::bigint > extract(epoch FROM now()) AND c ->> 'iss' = issuer AND c ->> 'aud' = audience
              FROM claims_of(token) AS c) $$;
CREATE FUNCTION sign(payload text, secret bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT input || '.' || to_base64url(hmac(convert_to(input, 'utf8'), secret, 'sha256'))
      FROM (SELECT to_base64url('{"alg":"HS256","typ":"JWT"}'::bytea) || '.'
                   || to_base64url(convert_to(payload::jsonb::text, 'utf8')) AS input OFFSET 0) AS s $$;

CREATE TABLE token(token text);
CREATE TABLE payload(payload text);
CREATE TABLE bad(why text, token text);
CREATE TABLE given(secret bytea, issuer text, audience text);
\copy token FROM PROGRAM 'cat "$PEER_DIRECTORY/tokens.csv"' CSV
\copy payload FROM PROGRAM 'cat "$PEER_DIRECTORY/payloads.csv"' CSV
\copy bad FROM PROGRAM 'cat "$PEER_DIRECTORY/bad.csv"' CSV
INSERT INTO given SELECT from_base64url(:'secret'), :'issuer', :'audience';
VACUUM ANALYZE;

-- Processor time of this server process, ns.
CREATE FUNCTION clock_ns() RETURNS numeric LANGUAGE sql VOLATILE AS $$
    SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric $$;

-- The median of some stretches over the rows of a query that counts.
CREATE FUNCTION measure(operation text, algorithm text, query text, rows integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    figures numeric[]; started numeric; passes integer; counted bigint;
BEGIN
    FOR stretch IN 0..5 LOOP
        started := clock_ns();
        passes := 0;
        WHILE clock_ns() - started < 60e6 LOOP
            EXECUTE query INTO counted;
            IF counted <> rows THEN RAISE EXCEPTION '%: % rows of % came out right', operation, counted, rows; END IF;
            passes := passes + 1;
        END LOOP;
        IF stretch > 0 THEN figures := figures || (clock_ns() - started) / (passes * rows); END IF;
    END LOOP;
    RETURN json_build_object('operation', operation, 'algorithm', algorithm, 'mode', '', 'ns',
        round((SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f) FROM unnest(figures) AS f)::numeric, 1));
END $$;

DO $$ BEGIN
    IF (SELECT count(*) FROM token, given WHERE verify(token, secret, issuer, audience)) <> 1000
       OR EXISTS (SELECT 1 FROM bad, given WHERE verify(token, secret, issuer, audience))
       OR (SELECT count(*) FROM payload, given WHERE verify(sign(payload, secret), secret, issuer, audience)) <> 1000
    THEN RAISE EXCEPTION 'a verdict is wrong'; END IF;
END $$;
\pset format unaligned
\pset tuples_only on
SELECT json_build_object('version', split_part(version(), ' ', 2), 'runtime', 'pgcrypto');
SELECT measure('verify', 'HS256', 'SELECT count(*) FILTER (WHERE verify(token, secret, issuer, audience)) FROM token, given', 1000);
SELECT measure('sign', 'HS256', 'SELECT count(sign(payload, secret)) FROM payload, given', 1000);
SELECT measure('read', '', 'SELECT count(claims_of(token) ->> ''role'') FROM token', 1000);

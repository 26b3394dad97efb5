-- What every connection of a run needs beside the extension. All views that call it are here, and TEMP.
PRAGMA synchronous = OFF;
PRAGMA journal_mode = OFF;

-- ---- what the extension makes
-- RSA keys take long: RS256 and PS256, and so on, lend each other theirs as the other key.
CREATE TEMP VIEW making AS
  SELECT l.label,
         json_set(jwk_generate(l.generate, iif(l.bits, json_object('bits', l.bits), '{}')),
                  '$.alg', l.alg) AS jwk,
         jwt_random(coalesce(l.random_bytes, 32)) AS secret,
         json_set(CASE WHEN l.bits THEN (
             SELECT s.jwk FROM ours AS s JOIN label AS k USING (label)
              WHERE k.bits AND k.label <> l.label AND substr(k.label, 3) = substr(l.label, 3))
           ELSE jwk_generate(l.generate) END,
           '$.alg', l.alg, '$.kid', o.jwk ->> '$.kid') AS other
    FROM label AS l JOIN ours AS o USING (label);

CREATE TEMP VIEW offering AS
  SELECT o.id, CASE
      WHEN o.spare IS NULL THEN o.key -- the peer's own
      WHEN o.form = 'jwk' AND o.label NOT LIKE 'HS%' THEN jwk_public(o.signer)
      WHEN o.form IN ('jwk', 'jwk-private', 'secret') THEN o.signer
      WHEN o.form = 'spki' THEN jwk_to_pem(o.signer, 'public')
      WHEN o.form = 'pkcs8' THEN jwk_to_pem(o.signer)
      WHEN o.form = 'pkcs8+spki' THEN jwk_to_pem(o.signer) || jwk_to_pem(o.signer, 'public')
      WHEN o.form = 'jwks' THEN (
        SELECT jwks(u.jwk) FROM ours AS u JOIN produced AS p USING (label) WHERE p.peer = o.peer)
      END AS key,
      jwt_sign(o.payload, o.signer, o.sign_options) AS token,
      CASE WHEN o.spare IS NOT NULL THEN jwt_sign(o.payload, o.spare, o.sign_options) END AS other_token
    FROM offer AS o;

-- ---- what comes out of each test case
CREATE TEMP VIEW finding AS
  SELECT t.id, CASE t.kind
      WHEN 'peer signs, extension verifies' THEN jwt_claims(t.token, t.key, t.options)
      WHEN 'peer signs with the extension''s key' THEN jwt_claims(t.token, t.key, t.options)
      WHEN 'extension refuses' THEN jwt_status(t.token, t.key, t.options)
      WHEN 'thumbprint of the peer''s key' THEN jwk_thumbprint(t.key)
      WHEN 'PEM to JWK' THEN jwk_from_pem(t.key)
      WHEN 'JWK to SPKI, byte for byte' THEN jwk_to_pem(t.key, 'public')
      WHEN 'extension signs, peer verifies' THEN v.payload
      WHEN 'extension signs with the peer''s key' THEN v.payload
      WHEN 'peer refuses' THEN v.accepted
      WHEN 'thumbprint of the extension''s key' THEN v.thumbprint
      END AS found
    FROM trial AS t LEFT JOIN verdict AS v ON v.id = t.offer;

-- ---- and what is said to it
-- The claims that were wanted and found, as leaves in order: member order, white space and the way
-- that a string or a number is written do not matter; integer against real does.
CREATE TEMP VIEW canonical AS
  SELECT t.id, s.side, (
    SELECT group_concat(leaf, char(10)) FROM (
      SELECT m.key || ' ' || m.type || ' ' || quote(m.atom) AS leaf
        FROM json_each(iif(s.side = 'found', t.found, t.wanted)) AS m
      UNION ALL
      SELECT m.key || ' ' || n.fullkey || ' ' || n.type || ' ' || quote(n.atom)
        FROM json_each(iif(s.side = 'found', t.found, t.wanted)) AS m, json_tree(m.value) AS n
       WHERE m.type IN ('array', 'object')
       ORDER BY 1)) AS leaves
    FROM trial AS t, (SELECT 'wanted' AS side UNION ALL SELECT 'found') AS s;

CREATE TEMP VIEW claims_verdict AS
  SELECT t.id, CASE
      WHEN t.found IS NULL THEN 'no claims'
      WHEN (SELECT leaves FROM canonical WHERE id = t.id AND side = 'found') IS NOT
           (SELECT leaves FROM canonical WHERE id = t.id AND side = 'wanted')
        THEN 'other claims: ' || t.found
      ELSE 'ok' END AS detail
    FROM trial AS t;

-- The claims that are no array and no object, one by one as SQL values.
CREATE TEMP VIEW wrong_claim AS
  SELECT t.id, m.key || ' is ' || quote(jwt_claim(t.token, m.key, t.key, t.options))
         || ', not ' || quote(m.atom) AS detail
    FROM trial AS t, json_each(t.wanted) AS m
   WHERE m.type NOT IN ('array', 'object')
     AND quote(jwt_claim(t.token, m.key, t.key, t.options)) <> quote(m.atom);

CREATE TEMP VIEW verify_verdict AS
  SELECT t.id, CASE
      WHEN jwt_status(t.token, t.key, t.options) IS NOT 'ok'
        THEN 'status ' || quote(jwt_status(t.token, t.key, t.options))
      WHEN jwt_verify(t.token, t.key, t.options) IS NOT 1 THEN 'jwt_verify does not say 1'
      WHEN c.detail IS NOT 'ok' THEN c.detail
      ELSE coalesce((SELECT 'jwt_claim: ' || w.detail FROM wrong_claim AS w WHERE w.id = t.id LIMIT 1),
                    'ok') END AS detail
    FROM trial AS t JOIN claims_verdict AS c USING (id);

CREATE TEMP VIEW refuse_verdict AS
  SELECT t.id, CASE
      WHEN t.found IS NOT t.wanted THEN 'status ' || quote(t.found) || ', not ' || t.wanted
      WHEN jwt_verify(t.token, t.key, t.options) IS NOT 0 THEN 'jwt_verify does not say 0'
      WHEN jwt_claims(t.token, t.key, t.options) IS NOT NULL THEN 'jwt_claims gives claims'
      ELSE 'ok' END AS detail
    FROM trial AS t;

CREATE TEMP VIEW from_pem_verdict AS
  SELECT t.id, CASE
      WHEN jwk_thumbprint(t.found) IS NOT jwk_thumbprint(t.wanted)
        THEN 'other key: ' || jwk_public(t.found)
      WHEN (coalesce(t.found ->> '$.d', t.found ->> '$.priv') IS NULL) IS NOT f.verifies
        THEN 'its private members are not as in the PEM'
      ELSE 'ok' END AS detail
    FROM trial AS t JOIN form AS f USING (form);

-- The lines of a PEM may be broken as one likes (RFC 7468 section 2), its bytes may not.
CREATE TEMP VIEW to_pem_verdict AS
  SELECT id, iif(replace(found, char(10), '') = replace(replace(wanted, char(10), ''), char(13), ''),
                 'ok', 'other PEM: ' || found) AS detail
    FROM trial;

CREATE TEMP VIEW peer_verdict AS
  SELECT t.id, CASE
      WHEN v.id IS NULL THEN 'the peer gave no verdict'
      WHEN v.ok IS NOT 1 THEN 'the peer: ' || coalesce(v.error, 'refused')
      ELSE c.detail END AS detail
    FROM trial AS t JOIN claims_verdict AS c USING (id) LEFT JOIN verdict AS v ON v.id = t.offer;

-- The control is the untampered token of the same offer: were it refused too, this would prove nothing.
CREATE TEMP VIEW peer_refuse_verdict AS
  SELECT t.id, CASE
      WHEN v.ok IS NOT 1 THEN 'no control: the peer does not accept the untampered token'
      WHEN json_type(t.found) IS NOT 'array' THEN 'the peer did not try'
      WHEN (SELECT count(value) FROM json_each(o.refuse)) IS NOT (SELECT count(*) FROM tampering)
        THEN 'the tampered tokens were not all offered'
      WHEN EXISTS (SELECT 1 FROM json_each(t.found) AS a JOIN tampering AS g ON g.position = a.value
                    WHERE g.tampering = t.form) THEN 'the peer accepted it'
      ELSE 'ok' END AS detail
    FROM trial AS t JOIN offer AS o ON o.id = t.offer LEFT JOIN verdict AS v ON v.id = t.offer;

CREATE TEMP VIEW thumbprint_verdict AS
  SELECT t.id, iif(t.found = w.thumbprint, 'ok', quote(t.found) || ', not ' || w.thumbprint) AS detail
    FROM trial AS t JOIN (
      SELECT id, iif(offer, jwk_thumbprint(wanted), wanted) AS thumbprint FROM trial) AS w USING (id);

CREATE TEMP VIEW judgement AS
  SELECT t.id, CASE t.kind
      WHEN 'peer signs, extension verifies' THEN (
        SELECT detail FROM verify_verdict AS v WHERE v.id = t.id)
      WHEN 'peer signs with the extension''s key' THEN (
        SELECT detail FROM verify_verdict AS v WHERE v.id = t.id)
      WHEN 'extension refuses' THEN (
        SELECT detail FROM refuse_verdict AS v WHERE v.id = t.id)
      WHEN 'thumbprint of the peer''s key' THEN (
        SELECT detail FROM thumbprint_verdict AS v WHERE v.id = t.id)
      WHEN 'thumbprint of the extension''s key' THEN (
        SELECT detail FROM thumbprint_verdict AS v WHERE v.id = t.id)
      WHEN 'PEM to JWK' THEN (
        SELECT detail FROM from_pem_verdict AS v WHERE v.id = t.id)
      WHEN 'JWK to SPKI, byte for byte' THEN (
        SELECT detail FROM to_pem_verdict AS v WHERE v.id = t.id)
      WHEN 'extension signs, peer verifies' THEN (
        SELECT detail FROM peer_verdict AS v WHERE v.id = t.id)
      WHEN 'extension signs with the peer''s key' THEN (
        SELECT detail FROM peer_verdict AS v WHERE v.id = t.id)
      WHEN 'peer refuses' THEN (
        SELECT detail FROM peer_refuse_verdict AS v WHERE v.id = t.id)
      END AS detail
    FROM trial AS t;

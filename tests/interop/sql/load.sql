-- What a peer produced (:produced, a file) becomes rows, and the test cases that follow from it.
CREATE TEMP TABLE document AS SELECT CAST(readfile(:produced) AS TEXT) AS text;
INSERT INTO peer SELECT text ->> '$.peer', text ->> '$.version', text ->> '$.jwks' FROM document;
INSERT INTO lack SELECT text ->> '$.peer', l.value ->> '$.label', l.value ->> '$.reason'
  FROM document, json_each(text, '$.lacks') AS l;
INSERT INTO produced
  SELECT text ->> '$.peer', a.value ->> '$.label', a.value ->> '$.alg', a.value ->> '$.kid',
         a.value -> '$.reads', a.value ->> '$.payload', a.value ->> '$.token', a.value ->> '$.thumbprint'
    FROM document, json_each(text, '$.algorithms') AS a;
INSERT INTO their_key
  SELECT text ->> '$.peer', a.value ->> '$.label', f.key, f.value
    FROM document, json_each(text, '$.algorithms') AS a, json_each(a.value, '$.forms') AS f;
INSERT INTO their_key
  SELECT p.peer, p.label, 'jwks', (SELECT jwks FROM peer WHERE peer = p.peer)
    FROM produced AS p
   WHERE p.label NOT LIKE 'HS%' AND (SELECT jwks FROM peer WHERE peer = p.peer) IS NOT NULL
     AND p.peer = (SELECT text ->> '$.peer' FROM document);

-- Every algorithm of the contract is either tried or said to be lacking: none is forgotten.
INSERT INTO trial(peer, label, kind, form, detail)
  SELECT d.text ->> '$.peer', l.label, 'tried or said to be lacking', '-', CASE
      WHEN EXISTS (SELECT 1 FROM produced WHERE peer = d.text ->> '$.peer' AND label = l.label)
         + EXISTS (SELECT 1 FROM lack WHERE peer = d.text ->> '$.peer' AND label = l.label) <> 1
        THEN 'the peer must do exactly one of the two' END
    FROM document AS d, label AS l;
DELETE FROM trial WHERE detail IS NULL;

-- What the peer has and this OpenSSL does not is listed, and not tried.
INSERT INTO lack SELECT peer, label, 'the extension: ' || problem
  FROM produced JOIN ours USING (label)
 WHERE problem IS NOT NULL AND peer = (SELECT text ->> '$.peer' FROM document);
DELETE FROM their_key WHERE label IN (SELECT label FROM ours WHERE problem IS NOT NULL);
DELETE FROM produced WHERE label IN (SELECT label FROM ours WHERE problem IS NOT NULL);

-- PKCS#8 version 2 (RFC 5958: with the public key inside) is read by OpenSSL 3.5, which ML-DSA tells,
-- and not by 3.0. There it is tried only if the extension reads it all the same.
INSERT INTO lack
  SELECT k.peer, 'any', 'the extension on this OpenSSL does not read PKCS#8 version 2 (form: pkcs8-v2)'
    FROM their_key AS k
   WHERE k.form = 'pkcs8-v2' AND jwk_problem(k.key) IS NOT NULL
     AND (SELECT problem FROM ours WHERE label = 'ML-DSA-44') IS NOT NULL
     AND k.peer = (SELECT text ->> '$.peer' FROM document);
DELETE FROM their_key WHERE form = 'pkcs8-v2'
   AND EXISTS (SELECT 1 FROM lack WHERE lack.peer = their_key.peer AND reason LIKE '%(form: pkcs8-v2)');

-- How a key of theirs is used: its own `alg`, what a key without one implies, or the name given.
CREATE TEMP VIEW usable_key AS
  SELECT k.*, p.alg, p.kid, p.payload, p.token, p.thumbprint, f.is_pem,
         f.verifies, f.signs OR (k.form = 'jwk' AND k.label LIKE 'HS%') AS signs,
         CASE WHEN k.form IN ('jwk', 'jwk-private') AND k.key ->> '$.alg' IS NOT NULL THEN '{}'
              WHEN k.form = 'jwks' AND NOT EXISTS (
                SELECT 1 FROM json_each(k.key, '$.keys') AS j WHERE j.value ->> '$.alg' IS NULL) THEN '{}'
              WHEN l.implied THEN '{}'
              ELSE json_object('alg', p.alg) END AS options
    FROM their_key AS k JOIN produced AS p USING (peer, label) JOIN form AS f USING (form)
    JOIN label AS l USING (label)
   WHERE k.peer = (SELECT text ->> '$.peer' FROM document);

INSERT INTO trial(peer, label, alg, kind, form, key, token, options, expected)
  SELECT peer, label, alg, 'peer signs, extension verifies', form, key, token, options, payload
    FROM usable_key WHERE verifies;

INSERT INTO trial(peer, label, alg, kind, form, key, token, options, wanted)
  SELECT u.peer, u.label, u.alg, 'extension refuses', g.tampering,
         CASE g.tampering WHEN 'other key' THEN json_remove(o.jwk, '$.kid') ELSE u.key END,
         CASE g.tampering WHEN 'other key' THEN u.token ELSE t.text END, u.options, g.status
    FROM usable_key AS u JOIN tampering AS g JOIN ours AS o USING (label)
    LEFT JOIN tampered AS t ON t.token = u.token AND t.position = g.position
   WHERE u.form = (SELECT form FROM usable_key WHERE label = u.label AND verifies
                    ORDER BY form = 'jwk' DESC, form = 'spki' DESC LIMIT 1);

INSERT INTO trial(peer, label, kind, form, key, wanted)
  SELECT peer, label, 'thumbprint of the peer''s key', form, key, thumbprint
    FROM usable_key WHERE thumbprint IS NOT NULL AND form NOT IN ('jwks', 'secret');

-- The peer's own JWK, its PEM, and what the extension makes of one are the same key.
INSERT INTO trial(peer, label, alg, kind, form, key, expected)
  SELECT u.peer, u.label, u.alg, 'PEM to JWK', u.form, u.key, j.key
    FROM usable_key AS u JOIN their_key AS j USING (peer, label) WHERE u.is_pem AND j.form = 'jwk';
INSERT INTO trial(peer, label, kind, form, key, expected)
  SELECT u.peer, u.label, 'JWK to SPKI, byte for byte', u.form, u.key, s.key
    FROM usable_key AS u JOIN their_key AS s USING (peer, label)
   WHERE u.form IN ('jwk', 'jwk-private') AND s.form = 'spki';

-- ---- what the peer is asked to check: tokens signed with its own private keys, in each form ...
INSERT INTO offer(peer, label, alg, form, key, signer, sign_options, payload)
  SELECT u.peer, u.label, u.alg, p.form, p.key, u.key,
         CASE WHEN u.form IN ('jwk', 'jwk-private') AND u.key ->> '$.alg' IS NOT NULL THEN '{}'
              ELSE json_object('alg', u.alg, 'kid', u.kid) END,
         replace((SELECT text FROM payload WHERE number = u.rowid % (SELECT count(*) FROM payload)),
                 '@JTI@', 'ours-with-' || u.kid || '-' || u.form)
    FROM (SELECT *, row_number() OVER () AS rowid FROM usable_key) AS u
    JOIN their_key AS p USING (peer, label)
   WHERE u.signs AND p.form = CASE
      WHEN u.label LIKE 'HS%' THEN u.form
      ELSE (SELECT min(form) FROM their_key WHERE peer = u.peer AND label = u.label AND form IN ('jwk', 'spki')) END;

-- ... and with the extension's, in each form that the peer reads.
INSERT INTO offer(peer, label, alg, form, signer, spare, sign_options, payload)
  SELECT p.peer, p.label, p.alg, r.value,
         CASE r.value WHEN 'secret' THEN o.secret ELSE o.jwk END, o.other,
         json_object('alg', p.alg, 'kid', o.jwk ->> '$.kid'),
         replace((SELECT text FROM payload WHERE number = (p.rowid + r.key) % (SELECT count(*) FROM payload)),
                 '@JTI@', 'ours-' || p.label || '-' || r.value)
    FROM produced AS p, json_each(p.reads) AS r JOIN ours AS o USING (label)
   WHERE p.peer = (SELECT text ->> '$.peer' FROM document);

UPDATE offer SET sign = replace((SELECT text FROM payload WHERE number = offer.id % (SELECT count(*) FROM payload)),
                                '@JTI@', 'back-' || label || '-' || form)
 WHERE spare IS NOT NULL AND peer = (SELECT text ->> '$.peer' FROM document)
   AND (form IN ('jwk-private', 'pkcs8', 'pkcs8+spki', 'secret') OR (form = 'jwk' AND label LIKE 'HS%'));

INSERT INTO trial(peer, label, alg, kind, form, expected, offer)
  SELECT u.peer, u.label, u.alg,
         CASE WHEN u.spare IS NULL THEN 'extension signs with the peer''s key' ELSE 'extension signs, peer verifies' END,
         CASE WHEN u.spare IS NULL THEN
           (SELECT k.form FROM their_key AS k WHERE k.peer = u.peer AND k.label = u.label AND k.key = u.signer)
         ELSE u.form END, u.payload, u.id
    FROM offer AS u WHERE u.peer = (SELECT text ->> '$.peer' FROM document);

INSERT INTO trial(peer, label, alg, kind, form, expected, offer)
  SELECT peer, label, alg, 'peer signs with the extension''s key', form, sign, id
    FROM offer WHERE sign IS NOT NULL AND peer = (SELECT text ->> '$.peer' FROM document);

INSERT INTO trial(peer, label, kind, form, wanted, offer)
  SELECT o.peer, o.label, 'thumbprint of the extension''s key', o.form, u.jwk, o.id
    FROM offer AS o JOIN ours AS u USING (label) JOIN produced AS p USING (peer, label)
   WHERE o.spare IS NOT NULL AND o.form IN ('jwk', 'jwk-private') AND p.thumbprint IS NOT NULL
     AND o.peer = (SELECT text ->> '$.peer' FROM document);

INSERT INTO trial(peer, label, kind, form, offer)
  SELECT o.peer, o.label, 'peer refuses', g.tampering, o.id
    FROM offer AS o, tampering AS g
   WHERE o.id = (SELECT id FROM offer WHERE peer = o.peer AND label = o.label AND spare IS NOT NULL
                  ORDER BY form = 'jwk' DESC, form = 'spki' DESC, form = 'secret' DESC LIMIT 1)
     AND o.peer = (SELECT text ->> '$.peer' FROM document);

-- ---- the statements that call the extension, one by one
INSERT INTO pending
  SELECT id, printf('UPDATE trial SET found = jwt_claims(token, key, options) WHERE id = %d; '
    || 'UPDATE trial SET detail = (SELECT detail FROM verify_verdict AS v WHERE v.id = trial.id) WHERE id = %d;', id, id)
    FROM trial WHERE kind = 'peer signs, extension verifies' AND detail = 'no verdict';
INSERT INTO pending
  SELECT id, printf('UPDATE trial SET detail = (SELECT detail FROM refuse_verdict AS v WHERE v.id = trial.id) WHERE id = %d;', id)
    FROM trial WHERE kind = 'extension refuses' AND detail = 'no verdict';
INSERT INTO pending
  SELECT id, printf('UPDATE trial SET detail = iif(jwk_thumbprint(key) = wanted, ''ok'', jwk_thumbprint(key) || '' is not '' || wanted) WHERE id = %d;', id)
    FROM trial WHERE kind = 'thumbprint of the peer''s key' AND detail = 'no verdict';
INSERT INTO pending
  SELECT id, printf('UPDATE trial SET found = jwk_from_pem(key) WHERE id = %d; UPDATE trial SET detail = CASE '
    || 'WHEN jwk_thumbprint(found) IS NOT jwk_thumbprint(expected) THEN ''other key: '' || jwk_public(found) '
    || 'WHEN (found ->> ''$.d'' IS NULL AND found ->> ''$.priv'' IS NULL) IS NOT (SELECT verifies FROM form WHERE form.form = trial.form) '
    || 'THEN ''private members are not as in the PEM'' ELSE ''ok'' END WHERE id = %d;', id, id)
    FROM trial WHERE kind = 'PEM to JWK' AND detail = 'no verdict';
INSERT INTO pending
  SELECT id, printf('UPDATE trial SET found = jwk_to_pem(key, ''public'') WHERE id = %d; UPDATE trial SET detail = '
    || 'iif(replace(trim(found, char(10)), char(10), '''') = replace(replace(trim(expected, char(10, 13)), char(10), ''''), char(13), ''''), ''ok'', ''other PEM: '' || found) WHERE id = %d;', id, id)
    FROM trial WHERE kind = 'JWK to SPKI, byte for byte' AND detail = 'no verdict';

INSERT INTO pending
  SELECT t.id, printf('UPDATE offer SET key = %s WHERE id = %d; ', CASE o.form
      WHEN 'jwk' THEN CASE WHEN o.label LIKE 'HS%' THEN 'signer' ELSE 'jwk_public(signer)' END
      WHEN 'jwk-private' THEN 'signer'
      WHEN 'secret' THEN 'signer'
      WHEN 'spki' THEN 'jwk_to_pem(signer, ''public'')'
      WHEN 'pkcs8' THEN 'jwk_to_pem(signer)'
      WHEN 'pkcs8+spki' THEN 'jwk_to_pem(signer) || jwk_to_pem(signer, ''public'')'
      WHEN 'jwks' THEN '(SELECT jwks(jwk) FROM ours JOIN produced USING (label) WHERE produced.peer = offer.peer)'
      END, o.id)
    FROM offer AS o JOIN trial AS t ON t.offer = o.id
   WHERE t.kind = 'extension signs, peer verifies' AND t.detail = 'no verdict';
INSERT INTO pending
  SELECT t.id, printf('UPDATE offer SET token = jwt_sign(payload, signer, sign_options) WHERE id = %d; '
    || 'UPDATE offer SET other_token = jwt_sign(payload, spare, sign_options) WHERE id = %d AND spare IS NOT NULL;', o.id, o.id)
    FROM offer AS o JOIN trial AS t ON t.offer = o.id
   WHERE t.kind IN ('extension signs, peer verifies', 'extension signs with the peer''s key') AND t.detail = 'no verdict';

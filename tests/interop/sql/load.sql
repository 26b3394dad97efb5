-- What a peer produced (:produced, a file) becomes rows, and the test cases that follow from it.
CREATE TEMP TABLE document AS SELECT CAST(readfile(:produced) AS TEXT) AS text;
CREATE TEMP TABLE now AS SELECT text ->> '$.peer' AS peer FROM document; -- the peer whose turn it is

INSERT INTO peer SELECT text ->> '$.peer', text ->> '$.version', text ->> '$.jwks' FROM document;
INSERT INTO lack
  SELECT now.peer, l.value ->> '$.label', l.value ->> '$.reason'
    FROM now, document, json_each(text, '$.lacks') AS l;
INSERT INTO produced
  SELECT now.peer, a.value ->> '$.label', a.value ->> '$.alg', a.value ->> '$.kid',
         a.value -> '$.reads', a.value ->> '$.payload', a.value ->> '$.token',
         a.value ->> '$.thumbprint'
    FROM now, document, json_each(text, '$.algorithms') AS a;
INSERT INTO their_key
  SELECT now.peer, a.value ->> '$.label', f.key, f.value
    FROM now, document, json_each(text, '$.algorithms') AS a, json_each(a.value, '$.forms') AS f;
INSERT INTO their_key
  SELECT peer, label, 'jwks', jwks
    FROM now JOIN produced USING (peer) JOIN peer USING (peer)
   WHERE label NOT LIKE 'HS%' AND jwks IS NOT NULL;

-- Every algorithm of the contract is either tried or said to be lacking: none is forgotten.
INSERT INTO trial(peer, label, kind, form, detail)
  SELECT now.peer, l.label, 'tried or said to be lacking', '-', 'the peer does not do one of the two'
    FROM now, label AS l
   WHERE 1 <> (SELECT count(*) FROM produced AS p WHERE p.peer = now.peer AND p.label = l.label)
            + (SELECT count(*) FROM lack AS k WHERE k.peer = now.peer AND k.label = l.label);

-- What the peer has and this OpenSSL does not is listed, and not tried.
INSERT INTO lack
  SELECT peer, label, 'the extension: ' || problem
    FROM now JOIN produced USING (peer) JOIN ours USING (label) WHERE problem IS NOT NULL;
DELETE FROM their_key WHERE label IN (SELECT label FROM ours WHERE problem IS NOT NULL);
DELETE FROM produced WHERE label IN (SELECT label FROM ours WHERE problem IS NOT NULL);

-- PKCS#8 version 2 (RFC 5958: with the public key inside) is read by OpenSSL 3.5, which ML-DSA tells,
-- and not by 3.0. There it is tried only if the extension reads it all the same.
INSERT INTO lack
  SELECT peer, 'any', 'the extension on this OpenSSL reads no PKCS#8 version 2 (form: pkcs8-v2)'
    FROM now JOIN their_key USING (peer)
   WHERE form = 'pkcs8-v2' AND jwk_problem(key) IS NOT NULL
     AND (SELECT problem FROM ours WHERE label = 'ML-DSA-44') IS NOT NULL;
DELETE FROM their_key
 WHERE form = 'pkcs8-v2' AND EXISTS (
   SELECT 1 FROM lack WHERE lack.peer = their_key.peer AND reason LIKE '%(form: pkcs8-v2)');

-- A key of theirs: `named` tells that it, or each of a set, has an `alg`. Then that decides; a key
-- without is used without naming the algorithm where the kind of key implies it.
CREATE TEMP VIEW usable_key AS
  SELECT *, iif(named OR implied, '{}', json_object('alg', alg)) AS verify_options,
         iif(named, '{}', json_object('alg', alg, 'kid', kid)) AS sign_options
    FROM (
      SELECT k.*, p.alg, p.kid, p.payload, p.token, p.thumbprint, f.is_pem, f.verifies, l.implied,
             f.signs OR (k.form = 'jwk' AND k.label LIKE 'HS%') AS signs,
             row_number() OVER (ORDER BY k.label, k.form) AS number,
             CASE k.form
               WHEN 'jwk' THEN k.key ->> '$.alg' IS NOT NULL
               WHEN 'jwk-private' THEN k.key ->> '$.alg' IS NOT NULL
               WHEN 'jwks' THEN NOT EXISTS (SELECT 1 FROM json_each(k.key, '$.keys') AS j
                                             WHERE j.value ->> '$.alg' IS NULL)
               ELSE 0 END AS named
        FROM now JOIN their_key AS k USING (peer) JOIN produced AS p USING (peer, label)
        JOIN form AS f USING (form) JOIN label AS l USING (label));

-- ---- what the extension judges at once
INSERT INTO trial(peer, label, kind, form, key, token, options, wanted)
  SELECT peer, label, 'peer signs, extension verifies', form, key, token, verify_options, payload
    FROM usable_key WHERE verifies;

INSERT INTO trial(peer, label, kind, form, key, token, options, wanted)
  SELECT u.peer, u.label, 'extension refuses', g.tampering,
         iif(g.tampering = 'other key', json_remove(o.jwk, '$.kid'), u.key),
         iif(g.tampering = 'other key', u.token, t.text), u.verify_options, g.status
    FROM usable_key AS u JOIN tampering AS g JOIN ours AS o USING (label)
    LEFT JOIN tampered AS t ON t.token = u.token AND t.position = g.position
   WHERE u.form = (SELECT k.form FROM usable_key AS k WHERE k.label = u.label AND k.verifies
                    ORDER BY k.form = 'jwk' DESC, k.form = 'spki' DESC LIMIT 1);

INSERT INTO trial(peer, label, kind, form, key, wanted)
  SELECT peer, label, 'thumbprint of the peer''s key', form, key, thumbprint
    FROM usable_key WHERE thumbprint IS NOT NULL AND form NOT IN ('jwks', 'secret');

-- The peer's own JWK, its PEM, and what the extension makes of one are the same key.
INSERT INTO trial(peer, label, kind, form, key, wanted)
  SELECT u.peer, u.label, 'PEM to JWK', u.form, u.key, j.key
    FROM usable_key AS u JOIN their_key AS j USING (peer, label) WHERE u.is_pem AND j.form = 'jwk';
INSERT INTO trial(peer, label, kind, form, key, wanted)
  SELECT u.peer, u.label, 'JWK to SPKI, byte for byte', u.form, u.key, s.key
    FROM usable_key AS u JOIN their_key AS s USING (peer, label)
   WHERE u.form IN ('jwk', 'jwk-private') AND s.form = 'spki';

INSERT INTO pending
  SELECT id, printf('UPDATE trial SET found = (SELECT found FROM finding AS f WHERE f.id = trial.id) '
                    || 'WHERE id = %d; UPDATE trial SET detail = (SELECT detail FROM judgement AS j '
                    || 'WHERE j.id = trial.id) WHERE id = %d;', id, id)
    FROM now JOIN trial USING (peer) WHERE detail = 'no verdict';

-- ---- what the peer is asked to check: tokens signed with its own private keys, in each form ...
INSERT INTO offer(peer, label, alg, form, key, signer, signer_form, sign_options, payload)
  SELECT u.peer, u.label, u.alg, p.form, p.key, u.key, u.form, u.sign_options,
         replace((SELECT text FROM payload
                   WHERE number = u.number % (SELECT count(*) FROM payload)),
                 '@JTI@', 'ours-with-' || u.kid || '-' || u.form)
    FROM usable_key AS u JOIN their_key AS p USING (peer, label)
   WHERE u.signs AND p.form = CASE
      WHEN u.label LIKE 'HS%' THEN u.form
      ELSE (SELECT min(k.form) FROM their_key AS k
             WHERE k.peer = u.peer AND k.label = u.label AND k.form IN ('jwk', 'spki')) END;

-- ... and with the extension's, in each form that the peer reads.
INSERT INTO offer(peer, label, alg, form, signer, signer_form, spare, sign_options, payload)
  SELECT p.peer, p.label, p.alg, r.value, iif(r.value = 'secret', o.secret, o.jwk), r.value, o.other,
         json_object('alg', p.alg, 'kid', o.jwk ->> '$.kid'),
         replace((SELECT text FROM payload
                   WHERE number = (p.rowid + r.key) % (SELECT count(*) FROM payload)),
                 '@JTI@', 'ours-' || p.label || '-' || r.value)
    FROM now JOIN produced AS p USING (peer) JOIN ours AS o USING (label)
    JOIN json_each(p.reads) AS r;

UPDATE offer
   SET sign = replace((SELECT text FROM payload
                        WHERE number = offer.id % (SELECT count(*) FROM payload)),
                      '@JTI@', 'back-' || label || '-' || form)
 WHERE spare IS NOT NULL AND peer = (SELECT peer FROM now)
   AND (form IN ('jwk-private', 'pkcs8', 'pkcs8+spki', 'secret')
        OR (form = 'jwk' AND label LIKE 'HS%'));

INSERT INTO trial(peer, label, kind, form, wanted, offer)
  SELECT peer, label,
         iif(spare IS NULL, 'extension signs with the peer''s key', 'extension signs, peer verifies'),
         signer_form, payload, id
    FROM now JOIN offer USING (peer);
INSERT INTO pending
  SELECT t.id, printf('UPDATE offer SET (key, token, other_token) = (SELECT key, token, other_token '
                      || 'FROM offering AS g WHERE g.id = offer.id) WHERE id = %d;', t.offer)
    FROM now JOIN trial AS t USING (peer) WHERE t.offer IS NOT NULL;

INSERT INTO trial(peer, label, kind, form, wanted, offer)
  SELECT peer, label, 'peer signs with the extension''s key', form, sign, id
    FROM now JOIN offer USING (peer) WHERE sign IS NOT NULL;

INSERT INTO trial(peer, label, kind, form, wanted, offer)
  SELECT o.peer, o.label, 'thumbprint of the extension''s key', o.form, u.jwk, o.id
    FROM now JOIN offer AS o USING (peer) JOIN produced AS p USING (peer, label)
    JOIN ours AS u USING (label)
   WHERE o.spare IS NOT NULL AND o.form IN ('jwk', 'jwk-private') AND p.thumbprint IS NOT NULL;

INSERT INTO trial(peer, label, kind, form, offer)
  SELECT o.peer, o.label, 'peer refuses', g.tampering, o.id
    FROM now JOIN offer AS o USING (peer) JOIN tampering AS g
   WHERE o.id = (SELECT k.id FROM offer AS k
                  WHERE k.peer = o.peer AND k.label = o.label AND k.spare IS NOT NULL
                  ORDER BY k.form = 'jwk' DESC, k.form = 'spki' DESC, k.form = 'secret' DESC LIMIT 1);

-- What the peer :peer answered (file :verdicts), and the statements that judge it.
INSERT INTO verdict
  SELECT v.value ->> '$.id', v.value ->> '$.ok', v.value ->> '$.payload', v.value -> '$.accepted',
         v.value ->> '$.thumbprint', v.value ->> '$.signed', v.value ->> '$.error'
    FROM json_each(CAST(readfile(:verdicts) AS TEXT), '$.cases') AS v;

UPDATE trial SET found = (SELECT payload FROM verdict WHERE id = trial.offer)
 WHERE peer = :peer AND kind IN ('extension signs, peer verifies', 'extension signs with the peer''s key');
UPDATE trial SET (token, key, options) = (
    SELECT v.signed, CASE o.form WHEN 'secret' THEN o.signer ELSE json_remove(u.jwk, '$.key_ops') END,
           json_object('alg', o.alg)
      FROM verdict AS v JOIN offer AS o USING (id) JOIN ours AS u USING (label) WHERE v.id = trial.offer)
 WHERE peer = :peer AND kind = 'peer signs with the extension''s key';

INSERT INTO pending
  SELECT id, printf('UPDATE trial SET detail = (SELECT detail FROM peer_verdict AS v WHERE v.id = trial.id) WHERE id = %d;', id)
    FROM trial WHERE peer = :peer AND detail = 'no verdict'
     AND kind IN ('extension signs, peer verifies', 'extension signs with the peer''s key');
INSERT INTO pending
  SELECT id, printf('UPDATE trial SET detail = (SELECT detail FROM peer_refuse_verdict AS v WHERE v.id = trial.id) WHERE id = %d;', id)
    FROM trial WHERE peer = :peer AND detail = 'no verdict' AND kind = 'peer refuses';
INSERT INTO pending
  SELECT id, printf('UPDATE trial SET found = jwt_claims(token, key, options) WHERE id = %d; '
    || 'UPDATE trial SET detail = (SELECT detail FROM verify_verdict AS v WHERE v.id = trial.id) WHERE id = %d;', id, id)
    FROM trial WHERE peer = :peer AND detail = 'no verdict' AND kind = 'peer signs with the extension''s key';
INSERT INTO pending
  SELECT t.id, printf('UPDATE trial SET found = (SELECT thumbprint FROM verdict WHERE id = %d), wanted = jwk_thumbprint(wanted) WHERE id = %d; '
    || 'UPDATE trial SET detail = iif(found IS wanted, ''ok'', quote(found) || '' is not '' || wanted) WHERE id = %d;', t.offer, t.id, t.id)
    FROM trial AS t WHERE t.peer = :peer AND t.detail = 'no verdict' AND t.kind = 'thumbprint of the extension''s key';

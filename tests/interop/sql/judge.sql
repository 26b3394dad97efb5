-- What the peer :peer answered (file :verdicts), and the statements that judge it.
INSERT INTO verdict
  SELECT v.value ->> '$.id', v.value ->> '$.ok', v.value ->> '$.payload', v.value -> '$.accepted',
         v.value ->> '$.thumbprint', v.value ->> '$.signed', v.value ->> '$.error'
    FROM json_each(CAST(readfile(:verdicts) AS TEXT), '$.cases') AS v;

UPDATE trial SET (token, key, options) = (
    SELECT v.signed, iif(o.form = 'secret', o.signer, u.jwk), json_object('alg', o.alg)
      FROM verdict AS v JOIN offer AS o USING (id) JOIN ours AS u USING (label)
     WHERE v.id = trial.offer)
 WHERE peer = :peer AND kind = 'peer signs with the extension''s key';

INSERT INTO pending
  SELECT id, printf('UPDATE trial SET found = (SELECT found FROM finding AS f WHERE f.id = trial.id) '
                    || 'WHERE id = %d; UPDATE trial SET detail = (SELECT detail FROM judgement AS j '
                    || 'WHERE j.id = trial.id) WHERE id = %d;', id, id)
    FROM trial WHERE peer = :peer AND detail = 'no verdict';

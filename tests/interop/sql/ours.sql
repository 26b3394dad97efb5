-- The extension's own keys: two of each algorithm that it has here, with the same kid, and a text
-- secret for each HMAC. Only ML-DSA may be missing, where OpenSSL is older than 3.5.
INSERT INTO ours(label, problem)
  SELECT l.label, CASE WHEN l.label LIKE 'ML-DSA%' AND NOT a.available THEN 'not in this OpenSSL' END
    FROM label AS l LEFT JOIN jwt_algorithms AS a ON a.alg = l.alg;
INSERT INTO trial(peer, label, kind, form)
  SELECT 'extension', label, 'makes its own keys', 'jwk' FROM ours WHERE problem IS NULL;

INSERT INTO pending
  SELECT id, printf('UPDATE ours SET (jwk, secret) = (SELECT jwk, secret FROM making AS m '
                    || 'WHERE m.label = ours.label) WHERE label = %Q;', label)
    FROM trial;
INSERT INTO pending
  SELECT id, printf('UPDATE ours SET other = (SELECT other FROM making AS m '
                    || 'WHERE m.label = ours.label) WHERE label = %Q;', label)
    FROM trial;
INSERT INTO pending
  SELECT t.id, printf('UPDATE trial SET detail = (SELECT iif(jwk_problem(jwk, %Q) IS NULL AND jwk <> other, '
                      || '''ok'', ''unusable'') FROM ours AS o WHERE o.label = trial.label) WHERE id = %d;',
                      l.alg, t.id)
    FROM trial AS t JOIN label AS l USING (label);

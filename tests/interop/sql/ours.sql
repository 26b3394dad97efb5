-- The extension's own keys: two of each algorithm that it has here, and a text secret for each HMAC.
-- Only ML-DSA may be missing, where OpenSSL is older than 3.5.
INSERT INTO ours(label, problem)
  SELECT l.label, CASE WHEN a.available THEN NULL
                       WHEN l.label LIKE 'ML-DSA%' THEN 'not in this OpenSSL' ELSE NULL END
    FROM label AS l LEFT JOIN jwt_algorithms AS a ON a.alg = l.alg;
INSERT INTO trial(peer, label, kind, form)
  SELECT 'extension', label, 'makes its own keys', 'jwk' FROM ours WHERE problem IS NULL;
INSERT INTO pending
  SELECT t.id, printf('UPDATE ours SET jwk = %s, other = %s WHERE label = %Q; '
    || 'UPDATE ours SET jwk = json_set(jwk, ''$.alg'', %Q), '
    || 'other = json_set(other, ''$.alg'', %Q, ''$.kid'', jwk ->> ''$.kid''), '
    || 'secret = jwt_random(%d) WHERE label = %Q; '
    || 'UPDATE trial SET detail = iif((SELECT jwk_problem(jwk, %Q) IS NULL AND jwk <> other FROM ours WHERE label = trial.label), ''ok'', '
    || '''unusable key'') WHERE id = %d;',
    g.made, g.made, l.label, l.alg, l.alg, coalesce(l.secret_bytes, 32), l.label, l.alg, t.id)
    FROM trial AS t JOIN label AS l USING (label)
    JOIN (SELECT label, printf('jwk_generate(%Q%s)', generate,
                               CASE WHEN label IN ('RS512', 'PS512') THEN ', ''{"bits":3072}''' ELSE '' END) AS made
            FROM label) AS g USING (label)
   WHERE t.peer = 'extension';

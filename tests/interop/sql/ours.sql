-- The extension's own keys: two of each algorithm that it has here, and a text secret for each HMAC.
-- Only ML-DSA may be missing, where OpenSSL is older than 3.5.
INSERT INTO ours(label, problem)
  SELECT l.label, CASE WHEN a.available THEN NULL
                       WHEN l.label LIKE 'ML-DSA%' THEN 'not in this OpenSSL' ELSE NULL END
    FROM label AS l LEFT JOIN jwt_algorithms AS a ON a.alg = l.alg;
INSERT INTO trial(peer, label, kind, form)
  SELECT 'extension', label, 'makes its own keys', 'jwk' FROM ours WHERE problem IS NULL;
INSERT INTO pending
  SELECT t.id, printf('UPDATE ours SET jwk = json_set(jwk_generate(%Q%s), ''$.alg'', %Q), secret = jwt_random(%d) WHERE label = %Q;',
    l.generate, CASE WHEN l.label IN ('RS512', 'PS512') THEN ', ''{"bits":3072}''' ELSE '' END,
    l.alg, coalesce(l.secret_bytes, 32), l.label)
    FROM trial AS t JOIN label AS l USING (label) WHERE t.peer = 'extension';
-- The other key has the same kid. RSA keys take long to make: RS256 and PS256 and so on lend theirs.
INSERT INTO pending
  SELECT t.id, printf('UPDATE ours SET other = json_set(%s, ''$.alg'', %Q, ''$.kid'', jwk ->> ''$.kid'') WHERE label = %Q; '
    || 'UPDATE trial SET detail = iif((SELECT jwk_problem(jwk, %Q) IS NULL AND jwk <> other FROM ours WHERE label = trial.label), ''ok'', '
    || '''unusable key'') WHERE id = %d;',
    CASE substr(l.label, 1, 2)
      WHEN 'RS' THEN printf('(SELECT s.jwk FROM ours AS s WHERE s.label = %Q)', 'PS' || substr(l.label, 3))
      WHEN 'PS' THEN printf('(SELECT s.jwk FROM ours AS s WHERE s.label = %Q)', 'RS' || substr(l.label, 3))
      ELSE printf('jwk_generate(%Q)', l.generate) END,
    l.alg, l.label, l.alg, t.id)
    FROM trial AS t JOIN label AS l USING (label) WHERE t.peer = 'extension';

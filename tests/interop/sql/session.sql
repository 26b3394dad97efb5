-- What every connection of a run needs beside the extension. A view that calls the extension is TEMP.
PRAGMA synchronous = OFF;
PRAGMA journal_mode = OFF;

-- The claims that were expected and found, as leaves in order: member order, white space and the way
-- that a string or a number is written do not matter; integer against real does.
CREATE TEMP VIEW canonical AS
  SELECT t.id, s.side, (
    SELECT group_concat(leaf, char(10)) FROM (
      SELECT m.key || ' ' || m.type || ' ' || quote(m.atom) AS leaf
        FROM json_each(CASE s.side WHEN 'found' THEN t.found ELSE t.expected END) AS m
      UNION ALL
      SELECT m.key || ' ' || n.fullkey || ' ' || n.type || ' ' || quote(n.atom)
        FROM json_each(CASE s.side WHEN 'found' THEN t.found ELSE t.expected END) AS m,
             json_tree(m.value) AS n
       WHERE m.type IN ('array', 'object')
       ORDER BY 1)) AS leaves
    FROM trial AS t, (SELECT 'expected' AS side UNION ALL SELECT 'found') AS s;

CREATE TEMP VIEW claims_verdict AS
  SELECT t.id, CASE
      WHEN t.found IS NULL THEN 'no claims'
      WHEN (SELECT leaves FROM canonical WHERE id = t.id AND side = 'found') IS NOT
           (SELECT leaves FROM canonical WHERE id = t.id AND side = 'expected')
        THEN 'other claims: ' || t.found
      ELSE 'ok' END AS detail
    FROM trial AS t;

-- A token of the peer, verified by the extension, its claims as JSON and one by one as SQL values.
CREATE TEMP VIEW verify_verdict AS
  SELECT t.id, CASE
      WHEN jwt_status(t.token, t.key, t.options) IS NOT 'ok'
        THEN 'status ' || quote(jwt_status(t.token, t.key, t.options))
      WHEN jwt_verify(t.token, t.key, t.options) IS NOT 1 THEN 'jwt_verify does not say 1'
      WHEN c.detail IS NOT 'ok' THEN c.detail
      WHEN EXISTS (
        SELECT 1 FROM json_each(t.expected) AS m
         WHERE m.type NOT IN ('array', 'object')
           AND quote(jwt_claim(t.token, m.key, t.key, t.options)) <> quote(m.atom))
        THEN (SELECT 'jwt_claim: ' || m.key || ' is ' || quote(jwt_claim(t.token, m.key, t.key, t.options))
                || ', not ' || quote(m.atom)
                FROM json_each(t.expected) AS m
               WHERE m.type NOT IN ('array', 'object')
                 AND quote(jwt_claim(t.token, m.key, t.key, t.options)) <> quote(m.atom) LIMIT 1)
      ELSE 'ok' END AS detail
    FROM trial AS t JOIN claims_verdict AS c USING (id);

CREATE TEMP VIEW refuse_verdict AS
  SELECT t.id, CASE
      WHEN jwt_status(t.token, t.key, t.options) IS NOT t.wanted
        THEN 'status ' || quote(jwt_status(t.token, t.key, t.options)) || ', not ' || t.wanted
      WHEN jwt_verify(t.token, t.key, t.options) IS NOT 0 THEN 'jwt_verify does not say 0'
      WHEN jwt_claims(t.token, t.key, t.options) IS NOT NULL THEN 'jwt_claims gives claims'
      ELSE 'ok' END AS detail
    FROM trial AS t;

-- What the peer said of a token that the extension signed.
CREATE TEMP VIEW peer_verdict AS
  SELECT t.id, CASE
      WHEN o.token IS NULL THEN 'the extension signed nothing'
      WHEN v.id IS NULL THEN 'the peer gave no verdict'
      WHEN v.ok IS NOT 1 THEN 'the peer: ' || coalesce(v.error, 'refused')
      ELSE c.detail END AS detail
    FROM trial AS t JOIN claims_verdict AS c USING (id)
    JOIN offer AS o ON o.id = t.offer LEFT JOIN verdict AS v ON v.id = t.offer;

-- The control is the untampered token of the same offer: refused too, it would prove nothing.
CREATE TEMP VIEW peer_refuse_verdict AS
  SELECT t.id, CASE
      WHEN v.ok IS NOT 1 THEN 'no control: the peer does not accept the untampered token'
      WHEN json_type(v.accepted) IS NOT 'array' THEN 'the peer did not try'
      WHEN (SELECT json_array_length(refuse) FROM offer WHERE id = t.offer) IS NOT
           (SELECT count(*) FROM tampering) THEN 'the tampered tokens were not all offered'
      WHEN EXISTS (SELECT 1 FROM json_each(v.accepted) AS a, tampering AS g
                    WHERE a.value = g.position AND g.tampering = t.form)
        THEN 'the peer accepted it'
      ELSE 'ok' END AS detail
    FROM trial AS t LEFT JOIN verdict AS v ON v.id = t.offer;

-- The signed tokens go to the peer :peer, in the file :offered; beside one token of each algorithm go
-- the tampered ones that it has to refuse.
UPDATE offer SET refuse = (
    SELECT json_group_array(text) FROM (
      SELECT text FROM (SELECT position, text FROM tampered WHERE token = offer.token
                        UNION ALL SELECT 4, offer.other_token) ORDER BY position))
 WHERE token IS NOT NULL
   AND id IN (SELECT offer FROM trial WHERE kind = 'peer refuses' AND peer = :peer);

SELECT writefile(:offered, json_object('cases', json_group_array(json_object(
         'id', id, 'alg', alg, 'form', form, 'key', key, 'token', token, 'refuse', json(refuse),
         'sign', sign)))) AS bytes
  FROM offer WHERE peer = :peer AND token IS NOT NULL AND key IS NOT NULL;

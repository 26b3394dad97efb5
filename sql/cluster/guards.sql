-- guards: what a replicated store refuses besides. Run it last; it may be run again.
--
-- A private key in a statement is in every node's log, whatever becomes of the statement: this refuses it so that
-- the mistake is seen at once, and the key replaced.
-- Transaction: writes.
CREATE TRIGGER IF NOT EXISTS main.jwt_key_is_public BEFORE INSERT ON jwt_key
WHEN COALESCE(json_extract(NEW.jwk, '$.d'), json_extract(NEW.jwk, '$.k'), json_extract(NEW.jwk, '$.priv')) IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a private key is now in the log of every node: replace it, and give its public half only');
END;

CREATE TRIGGER IF NOT EXISTS main.jwt_key_stays_public BEFORE UPDATE OF jwk ON jwt_key
WHEN COALESCE(json_extract(NEW.jwk, '$.d'), json_extract(NEW.jwk, '$.k'), json_extract(NEW.jwk, '$.priv')) IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a private key is now in the log of every node: replace it, and give its public half only');
END;

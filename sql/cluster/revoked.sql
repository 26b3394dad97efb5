-- revoked: the revocation table of a store whose statements run again on every node.
--
-- Run this first, then sql/token_store.sql without its BEGIN and COMMIT, then guards.sql. With clock='explicit' nothing is
-- taken from a node's clock: revoked_at must be given, and nothing is pruned by itself.
-- Transaction: writes.
CREATE VIRTUAL TABLE IF NOT EXISTS main.jwt_revoked USING jwt_revocation(clock='explicit');

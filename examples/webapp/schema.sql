-- The application's own table, next to those of the token store. The store knows an account as its `id` (claim sub).
CREATE TABLE IF NOT EXISTS account (
    id         TEXT PRIMARY KEY NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    name       TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    password   TEXT NOT NULL CHECK (password LIKE 'scrypt$%'),      -- accounts.py: hash_password
    role       TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
) STRICT;

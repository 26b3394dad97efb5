/** A connection of better-sqlite3, or of node:sqlite. */
export interface Connection {
    exec(sql: string): unknown;
    prepare(sql: string): unknown;
    loadExtension(path: string, entryPoint?: string): unknown;
}

export function getLoadablePath(): string;
export function load(db: Connection, options?: { verifyOnly?: boolean }): void;
export function prepare(db: Connection): void;
export function tokenStore(
    db: Connection,
    options?: { schema?: string; folder?: string; defaults?: Record<string, string | number | null> },
): TokenStore;

@rows@export interface TokenStore {
    transaction<Result>(work: (store: TokenStore) => Result): Result;
    version(): number | undefined;
    install(): void;
@methods@}

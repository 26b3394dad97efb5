// The statements of sql/ as methods: store.refresh(token) runs refresh.sql and answers its row.
//
//   const db = new Database('app.db');                     // better-sqlite3, or DatabaseSync of node:sqlite
//   prepare(db, '/usr/local/lib/sqlite3/jwt_ext');         // (the latter with { allowExtension: true })
//   const store = tokenStore(db, { defaults: { signing_key, refresh_key } });
//   store.install();
//   let pair = store.login('user-1', { scope: 'articles:read', ip: '192.0.2.1' });
//   pair = store.refresh(pair.refresh_token);
//   const caller = store.authenticate(pair.access_token);
//
// Arguments are the statement's parameters in the order of its header, and at the end an object of others by name;
// one that is left out is NULL. `defaults` are bound wherever a statement has such a parameter. A statement with
// at most one row answers an object or undefined, the others an array.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));

// Makes a connection as the store wants it: docs/token-store.md says why.
export function prepare(db, extension) {
    db.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    db.loadExtension(extension);
}

// Drivers bind numbers as REAL, so that the user 42 would become '42.0'.
const whole = (value) => (Number.isSafeInteger(value) ? BigInt(value) : value);

function bind(parameters, defaults, given) {
    const named = typeof given.at(-1) === 'object' && given.at(-1) !== null ? given.pop() : {};
    const values = Object.fromEntries(parameters.map((name, i) => [name, whole(given[i] ?? defaults[name] ?? null)]));
    for (const [name, value] of Object.entries(named)) {
        if (!(name in values)) throw new TypeError(`parameters are ${parameters}; not known: ${name}`);
        values[name] = whole(value ?? null);
    }
    if (given.length > parameters.length) throw new TypeError(`parameters are ${parameters}`);
    return values;
}

export function tokenStore(db, { schema = 'main', folder = FOLDER, defaults = {} } = {}) {
    if (!/^[A-Za-z_]\w*$/.test(schema)) throw new TypeError('the name of the attached database must be a plain word');
    const file = (name) => join(folder, `${name}.sql`);
    const read = (name) => readFileSync(file(name), 'utf8').replaceAll('main.jwt_', `${schema}.jwt_`);

    function method(name) {
        const text = read(name);
        const parameters = [...text.matchAll(/^-- {3}:(\w+)/gm)].map((match) => match[1]);
        const many = text.includes('\n-- Result: rows');
        const none = text.includes('\n-- Result: none');
        const statement = db.prepare(text);
        // A statement alone is a transaction; all() ends it before anything is answered.
        return (...given) => {
            const values = bind(parameters, defaults, given);
            if (none) return void statement.run(values);
            const rows = statement.all(values);
            return many ? rows : rows[0];
        };
    }

    const store = {
        // BEGIN IMMEDIATE to COMMIT, for several statements; rolled back where one throws.
        transaction(work) {
            db.exec('BEGIN IMMEDIATE');
            try {
                const result = work(proxy);
                db.exec('COMMIT');
                return result;
            } catch (error) {
                try { db.exec('ROLLBACK'); } catch { /* SQLite has rolled it back itself */ }
                throw error;
            }
        },
        // The version of the store in the file, or undefined.
        version() {
            return db.prepare(`SELECT 1 FROM ${schema}.sqlite_schema WHERE name = 'jwt_store_meta'`).get() &&
                db.prepare(`SELECT version FROM ${schema}.jwt_store_meta`).get().version;
        },
        // Installs the store, or brings an older one to this version; whole or not at all.
        install() {
            const newest = Number(/\(only, version\) VALUES \(1, (\d+)\)/.exec(read('token_store'))[1]);
            const script = (name) => db.exec(read(name).replace(/^(BEGIN IMMEDIATE|COMMIT);$/gm, ''));
            store.transaction(() => {
                const version = store.version();
                if (version === undefined) script('token_store');
                for (let step = version ?? newest; step < newest; step++) script(`migrations/${step + 1}`);
                if (store.version() !== newest) {
                    throw new Error(`the store in this file has version ${store.version()}; this is ${newest}`);
                }
            });
        },
    };
    const proxy = new Proxy(store, {
        get(target, name) {
            if (!(name in target) && typeof name === 'string' && existsSync(file(name))) target[name] = method(name);
            return target[name];
        },
    });
    return proxy;
}

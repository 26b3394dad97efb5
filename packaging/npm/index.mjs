// JSON Web Tokens inside SQLite: the extension jwt_ext, and its token store.
//
//   import Database from 'better-sqlite3';             // or DatabaseSync of node:sqlite, with { allowExtension: true }
//   import { load, prepare, tokenStore } from 'sqlite-jwt';
//   const db = new Database('app.db');
//   prepare(db);                                       // load(db), and what the token store wants of a connection
//   const store = tokenStore(db, { defaults: { signing_key, refresh_key } });
//   store.install();
import { createRequire } from 'node:module';
import { prepare as prepareWith } from './sql/loaders/token_store.mjs';

export { tokenStore } from './sql/loaders/token_store.mjs';

const require = createRequire(import.meta.url);

/** The file of the extension, as SQLite wants it: without its suffix. */
export function getLoadablePath() {
    const name = `sqlite-jwt-${process.platform}-${process.arch}`;
    try {
        return require.resolve(`${name}/package.json`).replace(/package\.json$/, 'jwt_ext');
    } catch {
        throw new Error(`sqlite-jwt: package ${name} is not installed: ` +
            'it is an optional dependency, or there is none for this platform');
    }
}

/** Loads the extension into a connection; with verifyOnly without what signs, makes keys or shows private ones. */
export function load(db, { verifyOnly = false } = {}) {
    if (!verifyOnly) return void db.loadExtension(getLoadablePath());
    db.loadExtension(getLoadablePath(), 'sqlite3_jwtverify_init');
    // A driver that passes over the second argument has loaded all of it.
    if (db.prepare("SELECT count(*) AS n FROM pragma_function_list WHERE name = 'jwt_sign'").get().n) {
        throw new Error('sqlite-jwt: this driver cannot choose the entry point, and has loaded what signs, too');
    }
}

/** Loads the extension, and makes the connection as the token store wants it. */
export function prepare(db) {
    prepareWith(db, getLoadablePath());
}

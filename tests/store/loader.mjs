// Tries the Node loader; test_loaders.py runs it.
//   loader.mjs DRIVER probe MODULES                       exit status 0 where the driver is there
//   loader.mjs DRIVER run MODULES LOADER DATABASE EXTENSION
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [driver, what, modules, loader, database, extension] = process.argv.slice(2);
const NOW = 1700000000;

async function opener() {
    if (driver === 'node:sqlite') {
        const { DatabaseSync } = await import('node:sqlite');
        assert.equal(typeof DatabaseSync.prototype.loadExtension, 'function');
        return (path) => new DatabaseSync(path, { allowExtension: true });
    }
    const Database = createRequire(join(modules, 'any.js'))(driver);
    return (path) => new Database(path);
}

let open;
try {
    open = await opener();
    open(':memory:').close();
} catch {
    process.exit(2);
}
if (what === 'probe') {
    console.log(process.version);
    process.exit(0);
}

const { prepare, tokenStore } = await import(pathToFileURL(loader));
const db = open(database);
prepare(db, extension);
const store = tokenStore(db);
assert.equal(store.version(), undefined);
store.install();
store.install();
assert.equal(store.version(), 1);
assert.equal(store.create_key('access', { now: NOW }).state, 'active');
store.create_key('refresh', { now: NOW });

const pair = store.login('alice', 'web', { scope: 'a b', claims: JSON.stringify({ role: 'x' }), now: NOW });
const caller = store.authenticate(pair.access_token, { scope: 'a', now: NOW + 1 });
assert.deepEqual([caller.status, caller.sub, JSON.parse(caller.claims).role], ['ok', 'alice', 'x']);
const second = store.refresh(pair.refresh_token, 'web', { now: NOW + 1 });
assert.equal(second.outcome, 'rotated');
const again = store.refresh(pair.refresh_token, 'web', { now: NOW + 2 });
assert.deepEqual([again.outcome, again.refresh_token], ['replayed', second.refresh_token]);
assert.equal(store.refresh('junk', { now: NOW }), undefined);
assert.equal(store.sessions('alice', { now: NOW + 2 }).length, 1);
assert.equal(store.prune({ now: NOW }), undefined);
assert.ok(Array.isArray(store.logout_everywhere('nobody')));
assert.throws(() => store.login('alice', { tokne: 'x' }), /parameters are/);
assert.throws(() => store.logout('a', 'b', 'c', 'd', 5, 'too many'), /parameters are/);
assert.equal(store.no_such_statement, undefined);

// A number is a user's id, too.
const numbered = store.login(42, { now: NOW });
assert.equal(store.authenticate(numbered.access_token, { now: NOW }).sub, '42');
assert.equal(store.sessions(42, { now: NOW }).length, 1);
assert.equal(store.logout(numbered.sid, 42, { now: NOW }).sid, numbered.sid);

// A transaction of several statements, and one that throws.
const other = store.transaction((both) => {
    const made = both.login('bob', { now: NOW });
    both.logout(made.sid, 'bob', { now: NOW });
    return made;
});
assert.equal(store.authenticate(other.access_token, { now: NOW }).status, 'session_ended');
assert.throws(() => store.transaction((both) => {
    both.logout(pair.sid, 'alice', { now: NOW + 3 });
    throw new Error('the application');
}), /the application/);
assert.equal(store.authenticate(second.access_token, { now: NOW + 3 }).status, 'ok');

// Keys outside, as defaults; a store in an attached database.
const side = open(':memory:');
prepare(side, extension);
const [signing_key, refresh_key] = ['ES256', 'HS256'].map((alg) => side.prepare('SELECT jwk_generate(?) AS k').get(alg).k);
side.exec("ATTACH ':memory:' AS auth");
const attached = tokenStore(side, { schema: 'auth', defaults: { signing_key, refresh_key } });
attached.install();
attached.create_key('access', { jwk: signing_key });
attached.create_key('refresh', { jwk: refresh_key });
assert.equal(attached.refresh(attached.login('carol').refresh_token).outcome, 'rotated');
assert.equal(side.prepare('SELECT count(*) AS n FROM main.sqlite_schema').get().n, 0);
assert.throws(() => tokenStore(side, { schema: 'x; --' }), /plain word/);
side.close();
db.close();
console.log(`${pair.sid} ${driver}: all as expected`);

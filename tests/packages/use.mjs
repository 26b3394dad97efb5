// Uses the installed npm package as an application would. Prints what it is.
//   use.mjs DATABASE better-sqlite3-folder|node:sqlite
import assert from 'node:assert/strict';
import { getLoadablePath, load, prepare, tokenStore } from 'sqlite-jwt';

const [path, driver] = process.argv.slice(2);
let open;
if (driver === 'node:sqlite') {
    const { DatabaseSync } = await import(driver);
    open = (file) => new DatabaseSync(file, { allowExtension: true });
} else {
    const { default: Database } = await import(driver);
    open = (file) => new Database(file);
}

assert.match(getLoadablePath(), /node_modules.*sqlite-jwt-\w+-\w+.jwt_ext$/);
const db = open(path);
prepare(db);
const { link, openssl } = db.prepare(
    "SELECT json_extract(jwt_debug(), '$.linkage') AS link, json_extract(jwt_debug(), '$.openssl') AS openssl").get();
assert.equal(link, 'selfcontained');
const store = tokenStore(db);
store.install();
store.create_key('access');
store.create_key('refresh');
const pair = store.login('alice', { scope: 'a' });
assert.equal(store.authenticate(pair.access_token).sub, 'alice');
assert.equal(store.refresh(pair.refresh_token).outcome, 'rotated');
assert.equal(store.logout_everywhere('alice').length, 1);
assert.equal(store.authenticate(pair.access_token).status, 'session_ended');

// Without what signs, or not at all.
const other = open(':memory:');
let refused = '';
try { load(other, { verifyOnly: true }); } catch (error) { refused = error.message; }
if (refused) assert.match(refused, /cannot choose the entry point/);
else assert.throws(() => other.prepare("SELECT jwk_generate('ES256')"), /no such function/);
console.log(openssl);

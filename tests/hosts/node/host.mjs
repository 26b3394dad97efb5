// Host: better-sqlite3, and node:sqlite. What it is given and prints: tests/hosts/README.md.
//   host.mjs MODULE DATABASE EXTENSION SCENARIO name=value...
import { readFileSync } from 'node:fs';

const [module, database, extension, scenario, ...pairs] = process.argv.slice(2);
const variables = Object.fromEntries(pairs.map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]));
const PARAMETER = /'(?:[^']|'')*'|--[^\n]*|:([a-z_]\w*)/g;
let passed = 0, failed = 0;

let open;
if (module === 'node:sqlite') {
    const { DatabaseSync } = await import(module);
    open = () => new DatabaseSync(database, { allowExtension: true });
} else {
    const { default: Database } = await import(module);
    open = () => new Database(database);
}

function connect() {
    const connection = open();
    connection.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL');
    connection.loadExtension(extension);
    return connection;
}

function query(connection, text) {
    const names = [...text.matchAll(PARAMETER)].map((match) => match[1]).filter(Boolean);
    const statement = connection.prepare(text);
    const values = Object.fromEntries(names.map((name) => [name, variables[name] ?? null]));
    const bound = names.length ? [values] : [];
    // better-sqlite3 tells apart what answers rows.
    if (statement.reader === false) {
        statement.run(...bound);
        return [];
    }
    return statement.all(...bound).map((row) => Object.values(row));
}

const plain = (rows) => rows.map((row) => row.map((value) => value ?? '').join('|')).join(' / ');

function judge(title, found, wanted) {
    if (found === wanted) return passed++;
    failed++;
    console.log(`FAILED: ${title}\n    found:  ${found}\n    wanted: ${wanted}`);
}

function step(connection, action, value, title) {
    const text = title.startsWith('@') ? readFileSync(title.slice(1), 'utf8') : title;
    if (value.startsWith(':')) value = variables[value.slice(1)];
    let rows;
    try {
        if (action === 'script') {
            connection.exec(text);
            return judge(title, '', '');
        }
        rows = query(connection, text);
    } catch (error) {
        const found = `error: ${error.message}`;
        return judge(title, found, action === 'fails' && found.includes(value) ? found : value);
    }
    if (action === 'keep') {
        value.split(',').forEach((name, i) => { variables[name] = rows[0]?.[i]; });
        judge(title, rows.length > 0, true);
    } else if (action === 'show') {
        console.log(`${value}: ${plain(rows)}`);
    } else {
        judge(title, plain(rows), value);
    }
}

const connections = { a: connect(), b: connect() };
for (const line of readFileSync(scenario, 'utf8').split('\n')) {
    if (!line || line.startsWith('#')) continue;
    const [name, action, value, ...text] = line.split('\t');
    step(connections[name], action, value, text.join('\t'));
}
connections.a.close();
connections.b.close();
console.log(`${passed} passed, ${failed} failed`);

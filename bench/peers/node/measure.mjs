// How a peer in Node is timed: processor time of the process, warmed up, the median of some stretches.
import { readFileSync } from 'node:fs';

export const fixture = JSON.parse(readFileSync(process.argv[2], 'utf8'));
export const secretOf = (algorithm) => Buffer.from(algorithm.secret, 'base64url');

const WARM_MS = 400;
const STRETCH_MS = 40;
const STRETCHES = 5;

const spentMs = (since) => {
  const used = process.cpuUsage(since);
  return (used.user + used.system) / 1000;
};

export const say = (line) => console.log(JSON.stringify(line));

export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version;

export const introduce = (name) => say({ version: versionOf(name), runtime: `Node ${process.version}` });

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

// Goes through the inputs for at least so long; ns a call.
function stretch(call, inputs, ms) {
  const start = process.cpuUsage();
  let calls = 0;
  while (spentMs(start) < ms) {
    const round = Math.min(inputs.length, 200);
    for (let i = 0; i < round; i++) call(inputs[(calls + i) % inputs.length]);
    calls += round;
  }
  return (spentMs(start) * 1e6) / calls;
}

export function measure(operation, algorithm, call, inputs, mode = '') {
  stretch(call, inputs, WARM_MS);
  const ns = median(Array.from({ length: STRETCHES }, () => stretch(call, inputs, STRETCH_MS)));
  say({ operation, algorithm, mode, ns });
}

async function stretchAsync(call, inputs, ms) {
  const start = process.cpuUsage();
  let calls = 0;
  while (spentMs(start) < ms) {
    const round = Math.min(inputs.length, 200);
    for (let i = 0; i < round; i++) await call(inputs[(calls + i) % inputs.length]);
    calls += round;
  }
  return (spentMs(start) * 1e6) / calls;
}

export async function measureAsync(operation, algorithm, call, inputs, mode = '') {
  await stretchAsync(call, inputs, WARM_MS);
  const values = [];
  for (let i = 0; i < STRETCHES; i++) values.push(await stretchAsync(call, inputs, STRETCH_MS));
  say({ operation, algorithm, mode, ns: median(values) });
}

// A peer that lets a bad token through, or a good one fall, is not timed.
export async function check(name, algorithm, verify) {
  for (const token of algorithm.tokens.slice(0, 20)) await verify(token);
  for (const [why, token] of Object.entries(algorithm.bad)) {
    let refused = false;
    try {
      await verify(token);
    } catch {
      refused = true;
    }
    if (!refused) throw new Error(`${name}: a token that is ${why} was accepted`);
  }
}

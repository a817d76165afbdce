// Two players and the studio's server against a running Throng: see README.md. Each step says what
// it does; the exit code is 0 only if all was as it must be.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const usage = 'usage: node chat.mjs [ws://127.0.0.1:7400] [--server-key-file data/server.key]';

let kinds, sleep, Client, Room;
try {
  ({ kinds, sleep, Client } = await import('./throng.mjs'));
  ({ Room } = await import('./room.mjs'));
} catch (e) {
  if (e.code !== 'ERR_MODULE_NOT_FOUND') throw e;
  end(2, 'the packages that this needs are not installed yet. In the repository\'s root, run:\n\n'
    + '  npm ci --prefix docs/examples/node');
}

try {
  await main();
  console.log('\nAll was as it must be.');
  process.exit(0);
} catch (e) {
  end(1, e.message);
}

function end(code, sentence) {
  console.error(`chat.mjs: ${sentence}`);
  process.exit(code);
}

function must(holds, sentence) {
  if (!holds) throw new Error(sentence);
}

/** Waits until something is so, which pushes bring about. */
async function until(holds, what) {
  for (const start = Date.now(); !holds(); await sleep(5)) {
    must(Date.now() - start < 30_000, `${what}: that has not come in 30 seconds`);
  }
}

function step(text) { console.log(`\n${text}`); }

function uuid(bytes) {
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { 'server-key-file': { type: 'string', default: 'data/server.key' } },
    allowPositionals: true,
  });
  must(positionals.length < 2, usage);
  const url = positionals[0] ?? 'ws://127.0.0.1:7400';
  const run = randomBytes(4).toString('hex'); // names what is made, so that runs do not meet

  const key = await serverKey(values['server-key-file']);
  step(`Two players and the studio's server log in at ${url}.`);
  const server = await Client.connect(url, 'server', key);
  const alice = await player(url, 'Alice', 'custom', `alice-${run}`);
  const bob = await player(url, 'Bob', 'device', `bobs-phone-${run}`);

  await talk(alice, bob, `tavern-${run}`);
  await loseAndResume(alice, bob);
  await sayUnheard(alice, bob);
  await score(server, alice, bob, `board-${run}`);

  step('All end their sessions.');
  for (const c of [alice, bob, server]) await c.close();
}

/** Only a server may make boards, so its key is needed. It is made at a server's first start. */
async function serverKey(file) {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (e) {
    throw new Error(`the server key cannot be read: ${e.message}\n`
      + 'Run this where "make run" was run, or name the file with --server-key-file.');
  }
}

async function player(url, name, provider, credential) {
  const c = await Client.connect(url, provider, credential, (event) => {
    if (event.reason) console.log(`  ${name} was told: ${event.text}`);
  });
  c.name = name;
  c.heard = [];
  console.log(`  ${name}: user ${uuid(c.user)}, session ${c.session.toString('hex')}`);
  return c;
}

async function talk(alice, bob, name) {
  step(`They enter the room ${name}, and talk.`);
  for (const c of [alice, bob]) {
    c.on(kinds.changed, ([, , , , , , , leaves]) => { c.leaves = (c.leaves ?? 0) + leaves; });
    c.room = await Room.join(c, name, {
      message: (m) => {
        c.heard.push(m);
        const text = m.content ?? '(removed)';
        console.log(`  ${c.name.padEnd(5)} hears  ${m.seq}. ${text}`);
      },
      gone: (n) => must(false, `${n} messages of the room are gone`),
    });
  }
  await alice.room.send('Is anybody here?');
  await bob.room.send('I am.');
  await until(() => alice.heard.length === 2 && bob.heard.length === 2, 'both hear both');
}

async function loseAndResume(alice, bob) {
  step('Alice asks for tokens. Then her connection is cut, without a goodbye.');
  const [sessionToken, expires] = await alice.request(kinds.token, []);
  console.log(`  her session token is good until ${new Date(expires * 1000).toISOString()}`);
  alice.cut();
  const before = alice.heard.length, session = alice.session;

  step('Bob goes on talking, and takes one message back.');
  await bob.room.send('Where did you go?');
  const [slip] = await bob.room.send('I should not have said this.');
  await bob.room.send('I shall wait.');
  await bob.write(kinds.remove, [bob.room.stream, slip]);
  await until(() => bob.heard.length === before + 3, 'Bob hears himself');
  must(alice.heard.length === before, 'Alice heard something while she was away');

  step('Alice connects again, with the session token and the resume token, and reads on.');
  Object.assign(alice, { provider: 'token', credential: sessionToken });
  await alice.open();
  must(alice.resumed && alice.session.equals(session), 'the session did not go on');
  await until(() => alice.heard.length >= before + 3, 'Alice hears what she missed');
  const missed = alice.heard.slice(before).map((m) => m.content);
  const said = ['Where did you go?', null, 'I shall wait.'];
  must(JSON.stringify(missed) === JSON.stringify(said),
    `Alice missed ${JSON.stringify(said)}, and has read ${JSON.stringify(missed)}`);
  must(!bob.leaves, 'Bob was told that Alice had left: her session should have waited for her');
  console.log('  That is exactly what she missed; for Bob she had never left the room.');
}

async function sayUnheard(alice, bob) {
  step('Alice sends a message, and loses the connection before she knows whether it came through.');
  const reply = alice.room.send('Did you get this?');
  await new Promise(setImmediate); // it may have left by now, or not
  alice.cut();
  await alice.open();
  const [seq] = await reply; // it was sent again under its number
  for (const c of [alice, bob]) {
    await until(() => c.heard.at(-1).seq === seq, `${c.name} hears it`);
    const times = c.heard.filter((m) => m.content === 'Did you get this?').length;
    must(times === 1, `${c.name} heard it ${times} times`);
    must(c.heard.every((m, i) => m.seq === i + 1), `${c.name} heard messages out of order`);
  }
  console.log('  It was sent again under its number, and is in the room once.');
}

async function score(server, alice, bob, board) {
  step(`The server makes a board, ${board}, which only it may; the players submit scores.`);
  const best = 0, descending = 0;
  await server.write(kinds.boardCreate, [board, descending, best]);
  await bob.write(kinds.boardSubmit, [board, null, 4100, 0]);
  await alice.write(kinds.boardSubmit, [board, null, 4200, 0]);
  for (const [c, rank] of [[alice, 1], [bob, 2]]) {
    const [total, [[owner, points, , , place]]] = await c.request(
      kinds.boardAround, [board, null, 1]);
    console.log(`  ${c.name} has rank ${place} of ${total} with ${points} points`);
    must(owner.equals(c.user) && place === rank && total === 2,
      `${c.name} should have rank ${rank} of 2`);
  }
  await server.write(kinds.boardDelete, [board]);

  step('Bob submits once more, to the board that is gone. What he is told names the request:');
  const e = await bob.write(kinds.boardSubmit, [board, null, 4300, 0]).catch((e) => e);
  must(e.code === 5 && e.message.includes(`(trace ${bob.trace}-`), `he was told ${e.message}`);
  console.log(`  ${e.message}`);
}

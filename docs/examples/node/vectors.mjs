// Tests throng.mjs against the golden vectors of the server: it must encode the fields of each to
// exactly its bytes, and decode them back. For a client in another language this is the first test.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { frame, frames } from './throng.mjs';

/** What JSON says of a field, as msgpack has it. */
function field(json) {
  if (Array.isArray(json)) return json.map(field);
  return typeof json?.bytes === 'string' ? Buffer.from(json.bytes, 'hex') : json;
}

/** Whether all numbers are below 2^53: this client cannot encode others. */
function isExact(x) {
  return Array.isArray(x) ? x.every(isExact) : typeof x !== 'number' || Number.isSafeInteger(x);
}

const folder = new URL('../../../netio/wire/testdata/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
for (const file of files) {
  const { kind, id, flags, ...v } = JSON.parse(await readFile(new URL(file, folder), 'utf8'));
  const fields = v.fields.map((f) => field(f.value));
  if (isExact(fields)) {
    assert.equal(frame(kind, id, fields, flags).toString('hex'), v.hex, `encode ${file}`);
  }
  const decoded = [...frames(Buffer.from(v.hex, 'hex'))];
  assert.deepEqual(decoded, [{ kind, flags, id, fields }], `decode ${file}`);
}
assert(files.length > 50, 'the golden vectors are missing');
console.log(`${files.length} golden vectors are encoded and decoded as they should be`);

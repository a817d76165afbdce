// A small client of Throng, written from docs/protocol.md alone. It keeps one session up over lost
// connections, and sends each request until its outcome is known; room.mjs reads rooms on it.
//
// Numbers are plain ones, exact below 2^53, as all are that the protocol has but scores. A game
// with larger scores encodes and decodes with useBigInt64, and then all above 2^32 are BigInt.
import { randomBytes } from 'node:crypto';
import { decode, encode } from '@msgpack/msgpack';
import WebSocket from 'ws';

export const kinds = {
  hello: 0x0001, goodbye: 0x0002, ping: 0x0003, missed: 0x0004, token: 0x0005,
  boardCreate: 0x0101, boardDelete: 0x0102, boardSubmit: 0x0103, boardAround: 0x0112,
  track: 0x0202, sessionEnd: 0x0204, refused: 0x02e2, changed: 0x03e1, entered: 0x03e2,
  send: 0x0401, remove: 0x0403, history: 0x0411, info: 0x0412, message: 0x04e1, edited: 0x04e2,
  at: 0x04e4,
};
const REPLY = 1, ERROR = 2; // flags
const silence = 10_000; // ms without a frame after which to ping, and then to give up
const retryFor = 300_000; // ms for which a request is sent again

export const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** An error reply: a code, a sentence that says what to do, and what names the request in the log. */
export class Refusal extends Error {
  constructor([code, message, retry = 0, unknown = false], trace = '') {
    super(trace ? `${message} (trace ${trace})` : message);
    Object.assign(this, { code, retry, unknown, trace });
  }
}

/** A frame to the server. Flags 0 are right for all requests, and reads at level leader. */
export function frame(kind, id, fields, flags = 0) {
  const body = encode(fields);
  const bytes = Buffer.alloc(12 + body.length);
  bytes.writeUInt32BE(8 + body.length, 0);
  bytes.writeUInt16BE(kind, 4);
  bytes.writeUInt16BE(flags, 6);
  bytes.writeUInt32BE(id, 8);
  bytes.set(body, 12);
  return bytes;
}

/** The frames of one message from the server, which holds whole ones. */
export function* frames(bytes) {
  for (let at = 0; at < bytes.length;) {
    const size = 4 + bytes.readUInt32BE(at);
    yield {
      kind: bytes.readUInt16BE(at + 4),
      flags: bytes.readUInt16BE(at + 6),
      id: bytes.readUInt32BE(at + 8),
      fields: decode(bytes.subarray(at + 12, at + size)),
    };
    at += size;
  }
}

export class Client {
  state = 'down'; // then 'entering' rooms, with a new session; then 'up'
  nonce = randomBytes(16); // names our writes' numbers, on all connections
  lastID = 0;
  lastSeq = 0;
  pending = new Map(); // requests without an answer, by id, in the order in which they were made
  listeners = new Map(); // of pushes, by kind
  rooms = new Set();

  /** Connects to ws://host:port and says hello. tell hears what becomes of connections. */
  static async connect(url, provider, credential, tell = () => {}) {
    const c = Object.assign(new Client(), { url, provider, credential, tell });
    await c.open();
    return c;
  }

  /** Sends a read, or anything else whose array has only its fields. */
  request(kind, fields) { return this.enqueue({ kind, fields }); }

  /** Sends a write under a number of its own: it is done once, however often it is sent. */
  write(kind, fields) { return this.enqueue({ kind, fields, seq: ++this.lastSeq }); }

  /** Sends a write that may be done twice: those that the protocol marks with A. */
  again(kind, fields) { return this.enqueue({ kind, fields: [0, 0, ...fields] }); }

  /** Calls f with the fields of every push of a kind. */
  on(kind, f) { this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), f]); }

  /** Ends the session, so that it is off its streams at once, and the connection. */
  async close() {
    this.closed = true;
    await this.again(kinds.sessionEnd, []).catch(() => {}); // the goodbye may come first
    this.socket.close();
  }

  /** Cuts the connection as a dead line does, and stays away until open is called. */
  cut() {
    this.away = true;
    this.socket.terminate();
  }

  enqueue(request) {
    return new Promise((resolve, reject) => {
      this.lastID = this.lastID % 0xffffffff + 1;
      this.pending.set(this.lastID, { ...request, resolve, reject, made: Date.now() });
      this.pump();
    });
  }

  /** Sends what was not sent on this connection, writes only within their window. */
  pump() {
    let low = 0;
    for (const [id, r] of this.pending) {
      if (r.seq) low ||= r.seq; // the first write is that with the lowest number
      if (this.state === 'down' || this.state === 'entering' && r.kind !== kinds.track) continue;
      if (r.sent === this.socket || r.waits || r.seq >= low + this.requestsMax) continue;
      r.sent = this.socket;
      this.socket.send(frame(r.kind, id, r.seq ? [r.seq, low, ...r.fields] : r.fields));
    }
  }

  answer({ kind, flags, id, fields }) {
    const r = this.pending.get(id);
    if (r?.kind !== kind) return;
    const trace = this.trace && `${this.trace}-${id}`;
    const e = flags & ERROR ? new Refusal(fields, trace) : null;
    if (e?.retry > 0 && Date.now() - r.made < retryFor) {
      Object.assign(r, { waits: true, sent: null }); // it keeps its number
      setTimeout(() => { r.waits = false; this.pump(); }, e.retry);
      return;
    }
    this.pending.delete(id);
    if (e) r.reject(e);
    else r.resolve(fields);
    this.pump();
  }

  /** Connects, goes on with the session if there is one, and sends what has no answer again. */
  async open() {
    this.away = false;
    const socket = await this.greet();
    this.tell({ connected: true, resumed: this.resumed });
    if (this.resumed) {
      socket.send(frame(kinds.ping, 0, [])); // the token that we resumed with is void now
      for (const r of this.rooms) r.catchUp();
    } else {
      this.state = 'entering'; // before all else, which may need us to be in the rooms
      await Promise.all([...this.rooms].map((r) => r.enter().catch((e) => r.leave(e))));
      if (socket !== this.socket) return;
    }
    for (const [id, r] of this.pending) {
      if (!r.sent || Date.now() - r.made < retryFor) continue;
      this.pending.delete(id); // the server may have forgotten its number
      r.reject(new Error('there was no connection for too long: whether it was done is not known'));
    }
    this.state = 'up';
    this.pump();
  }

  /** Opens a WebSocket and says hello on it. */
  greet() {
    const socket = new WebSocket(this.url, 'throng.v1', { perMessageDeflate: false });
    Object.assign(this, { socket, state: 'down', goodbye: null });
    let heard = Date.now(), asked = false;
    const watch = setInterval(() => {
      if (asked || socket.readyState !== WebSocket.OPEN) return socket.terminate();
      asked = Date.now() - heard >= silence;
      if (asked) socket.send(frame(kinds.ping, 0, []));
    }, silence);
    return new Promise((resolve, reject) => {
      socket.on('open', () => socket.send(frame(kinds.hello, 0, [
        1, 1, this.provider, this.credential, this.nonce, 'throng-example/1', this.token ?? null,
      ])));
      socket.on('message', (bytes) => {
        [heard, asked] = [Date.now(), false];
        for (const f of frames(bytes)) {
          if (!(f.flags & REPLY)) this.push(f);
          else if (f.kind !== kinds.hello) this.answer(f);
          else if (f.flags & ERROR) reject(new Refusal(f.fields));
          else resolve(this.welcome(socket, f.fields));
        }
      });
      socket.on('error', reject); // close follows
      socket.on('close', () => {
        clearInterval(watch);
        reject(new Error(`the connection to ${this.url} ended before hello was answered`));
        if (socket === this.socket && this.state !== 'down') this.reconnect();
      });
    });
  }

  welcome(socket, [, user, requestsMax, , , session, token, resumed, , , trace]) {
    Object.assign(this, { user, requestsMax, session, token, resumed });
    this.trace = trace ? Buffer.from(trace).toString('hex') : ''; // names this connection
    return socket;
  }

  /** Connects again until it succeeds, or a goodbye says that it is no use. */
  async reconnect() {
    this.state = 'down';
    let [reason, text, pause] = this.goodbye ?? [1000, 'the connection was lost', 0];
    for (let tries = 1; reason < 2000 && !this.closed; tries++) {
      const last = this.socket;
      await sleep(pause + Math.random() * 20 * 2 ** Math.min(tries, 6));
      if (this.away || this.socket !== last) return; // who called cut calls open, or has
      try {
        return await this.open();
      } catch (e) {
        if (e instanceof Refusal && e.retry === 0) [reason, text] = [2000, e.message];
        else [reason, text, pause] = this.goodbye ?? [1000, e.message, 0];
      }
    }
    for (const r of this.pending.values()) r.reject(new Error(`the session is over: ${text}`));
    this.pending.clear();
    if (!this.closed) this.tell({ connected: false, reason, text });
  }

  push({ kind, fields }) {
    if (kind === kinds.goodbye) this.goodbye = fields;
    if (kind === kinds.missed) for (const r of this.rooms) r.catchUp();
    for (const f of this.listeners.get(kind) ?? []) f(fields);
    if (Array.isArray(fields[0])) for (const r of this.rooms) r.push(kind, fields);
  }
}

// A chat room, read so that each message is delivered once and in order, whatever becomes of
// connections, sessions and pushes meanwhile: see docs/protocol.md.
import { kinds, Refusal, sleep } from './throng.mjs';

const heldMax = 512; // messages that came too early

export class Room {
  next = Infinity; // the lowest number that was not delivered; not known yet
  held = new Map(); // messages by number

  /**
   * Enters a room. hear.message is called with each message behind number `after`, by default
   * those sent from now on; hear.edited with one that was delivered and has changed since;
   * hear.gone with how many messages the server has no more that would have come next; hear.left
   * when the room could not be entered again with a new session.
   */
  static async join(client, name, hear, { status = '', after } = {}) {
    const r = Object.assign(new Room(), { client, name, hear, status, stream: [2, name] });
    client.rooms.add(r);
    await r.enter().catch((e) => { r.leave(); throw e; });
    after ??= (await client.request(kinds.info, [r.stream]))[1];
    r.next = after + 1;
    r.catchUp();
    return r;
  }

  send(content) { return this.client.write(kinds.send, [this.stream, content]); }

  leave(why) {
    this.client.rooms.delete(this);
    if (why) this.hear.left?.(why);
  }

  /** Tracks the stream, until there is word that the session is on it: that may be lost. */
  async enter() {
    const word = new Promise((entered, refused) => Object.assign(this, { entered, refused }));
    word.catch(() => {}); // it is waited for below
    do {
      await this.client.again(kinds.track, [this.stream, this.status]);
    } while (!await Promise.race([word.then(() => true), sleep(1000)]));
  }

  push(kind, [[type, name], second, third]) {
    if (type !== 2 || name !== this.name) return;
    if (kind === kinds.refused) this.refused?.(new Refusal([second, third]));
    if (kind === kinds.entered) {
      this.entered?.();
      this.reach(third);
    }
    if (kind === kinds.at) this.reach(second);
    if (kind === kinds.edited) this.edit(toMessage(second));
    if (kind === kinds.message) {
      this.hold(toMessage(second));
      this.deliver();
      if (this.held.size > 0) this.catchUp(); // there is a gap before them
    }
  }

  /** Reads what there is up to the last message, if something is missing. */
  reach(last) { if (last >= this.next) this.catchUp(); }

  edit(m) {
    if (m.seq < this.next) return this.hear.edited?.(m);
    const old = this.held.get(m.seq);
    if (old?.revision < m.revision) {
      this.held.set(m.seq, { ...old, revision: m.revision, content: m.content });
    }
  }

  hold(m) {
    const old = this.held.get(m.seq);
    if (m.seq < this.next || old?.revision >= m.revision) return;
    this.held.set(m.seq, m);
    if (this.held.size > heldMax) this.held.delete(Math.max(...this.held.keys()));
  }

  /** Delivers what is held and comes next. Of what is not held, all up to `known` is gone. */
  deliver(known = 0) {
    for (;;) {
      const m = this.held.get(this.next);
      if (m) {
        this.held.delete(this.next++);
        this.hear.message(m);
        continue;
      }
      const later = Math.min(known + 1, ...this.held.keys());
      if (later <= this.next || this.next > known) return;
      this.hear.gone?.(later - this.next);
      this.next = later;
    }
  }

  /** Reads what may have been missed, one page at a time. */
  async catchUp() {
    this.behind = this.next < Infinity;
    if (this.reading) return;
    this.reading = true;
    while (this.behind) {
      this.behind = false;
      try {
        const from = this.next;
        const [, last, page] = await this.client.request(
          kinds.history, [this.stream, from, 100, false]);
        const messages = page.map(toMessage);
        for (const m of messages) this.hold(m);
        const end = messages.at(-1)?.seq ?? last;
        this.deliver(end);
        this.behind ||= end < last;
      } catch (e) {
        if (!(e instanceof Refusal)) break; // the session is over
        this.behind = true;
        await sleep(100);
      }
    }
    this.reading = false;
  }
}

function toMessage([seq, time, revision, sender, session, content]) {
  return { seq, time, revision, sender, session, content };
}

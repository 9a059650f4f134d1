// Verdicts on their way: kept for this tab and user until they are answered, sent in order, each once;
// those that were refused too late to be mended in place, until they are dismissed.
import { newKey } from "../shared/requests.js";
import { ask, Refused } from "./sending.js";

const PREFIX = "tunix:outbox:";
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;

export function forgetOthers(user) {
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(PREFIX) && name !== PREFIX + user) sessionStorage.removeItem(name);
  }
}

export const noteOf = (item) => item.fields.find(([name]) => name === "note")?.[1] ?? "";

export class Outbox {
  #line = Promise.resolve(); // one request at a time
  #wake = null;
  #idle = null;
  #running = false;

  constructor(user, { answered, refused, changed }) {
    this.name = PREFIX + user;
    this.tell = { answered, refused, changed };
    const kept = JSON.parse(sessionStorage.getItem(this.name) ?? "[]");
    this.items = kept.filter((item) => !item.refused);
    this.refused = kept.filter((item) => item.refused);
    addEventListener("online", () => this.#wake?.());
  }

  /** Tell whether something is not sent; logging out gives that up. */
  get holds() {
    return this.items.length > 0 && sessionStorage.getItem(this.name) !== null;
  }

  add(item) {
    this.items.push({ ...item, key: newKey() });
    this.#keep();
    this.resume();
  }

  keepRefused(item, reason) {
    this.refused.push({ ...item, refused: reason });
    this.#keep();
  }

  dismiss(key) {
    this.refused = this.refused.filter((item) => item.key !== key);
    this.#keep();
  }

  inTurn(act) {
    const turn = this.#line.then(act);
    this.#line = turn.catch(() => {});
    return turn;
  }

  drained() {
    if (!this.items.length) return Promise.resolve();
    return new Promise((resolve) => { this.#idle = resolve; });
  }

  async resume() {
    if (this.#running) return this.#wake?.();
    this.#running = true;
    this.tell.changed();
    let wait = FIRST_WAIT;
    while (this.items.length) {
      const item = this.items[0];
      try {
        const answer = await this.inTurn(() => ask(item.url, this.#body(item), { key: item.key }));
        this.#done(item);
        this.tell.answered({ answer, item });
        wait = FIRST_WAIT;
      } catch (error) {
        if (error instanceof Refused) {
          this.#done(item);
          this.tell.refused({ item, detail: error.message, status: error.status });
        } else {
          item.waits = true;
          this.#keep();
          await this.#pause(wait);
          wait = Math.min(wait * 2, LONGEST_WAIT);
        }
      }
    }
    this.#running = false;
    this.#idle?.();
    this.#idle = null;
  }

  #body(item) {
    if (item.beyond) { // what is shown by now; the same at each try, as the key asks for
      item.fields.push(["after", item.beyond()]);
      delete item.beyond;
      this.#keep();
    }
    return new URLSearchParams(item.fields);
  }

  #pause(wait) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    }).finally(() => { this.#wake = null; });
  }

  #done(item) {
    this.items = this.items.filter((other) => other !== item);
    this.#keep();
  }

  #keep() {
    const kept = [...this.items, ...this.refused];
    if (kept.length) sessionStorage.setItem(this.name, JSON.stringify(kept));
    else sessionStorage.removeItem(this.name);
    this.tell.changed();
  }
}

// The steps: which one is current, their labels, and the pieces that are fetched when they are near.
import { watchWidths } from "../shared/widths.js";
import { reasonOf } from "./dialogs.js";
import { askPart } from "./sending.js";
import { say } from "./shown.js";

const WORDS = { 1: "right", 0: "neutral", "-1": "wrong" };

export class Steps {
  labels = new Map();
  #current = null;
  #seen = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) this.#fetch();
  }, { rootMargin: "600px" });

  begin() {
    this.labels = new Map();
    this.#current = null;
    this.list = document.querySelector("#steps");
    this.list?.addEventListener("change", ({ target }) => this.#chosen(target));
    this.list?.addEventListener("click", ({ target }) => {
      const step = target.closest(".step");
      if (step) this.#make(step);
    });
    this.#watch();
  }

  async move(by) {
    const all = this.#all();
    let index = this.#current ? all.indexOf(this.#current) + by : 0;
    if (index >= all.length && (await this.#fetch())) return this.move(by);
    index = Math.max(0, Math.min(index, all.length - 1));
    if (!all[index]) return;
    this.#make(all[index]);
    all[index].focus({ preventScroll: true });
    all[index].scrollIntoView({ block: "nearest" });
  }

  label(value) {
    const step = this.#current ?? this.#all()[0];
    if (!step?.querySelector(".labels")) return;
    this.#make(step);
    this.#give(step, value);
    say(`Step ${number(step)}: ${value === null ? "no label" : WORDS[value]}`);
  }

  firstWrong() {
    const step = this.#current ?? this.#all()[0];
    if (!step?.querySelector(".labels")) return;
    this.#make(step);
    for (const one of this.#all()) {
      this.#give(one, one === step ? -1 : 1);
      if (one === step) break;
    }
    say(`Step ${number(step)} is the first wrong one`);
  }

  #all() {
    return [...(this.list?.querySelectorAll(".step") ?? [])];
  }

  #make(step) {
    this.#current?.removeAttribute("aria-current");
    step.setAttribute("aria-current", "step");
    this.#current = step;
  }

  #give(step, value) {
    for (const input of step.querySelectorAll(".labels input")) input.checked = input.value === `${value}`;
    if (value === null) this.labels.delete(step.dataset.i);
    else this.labels.set(step.dataset.i, value);
  }

  #chosen(input) {
    const step = input.closest(".step");
    if (step && input.name.startsWith("label-")) this.#give(step, JSON.parse(input.value));
  }

  #watch() {
    this.#seen.disconnect();
    const more = this.list?.querySelector("[data-more]");
    if (more) this.#seen.observe(more);
  }

  #fetching = null;

  #fetch() {
    const more = this.list?.querySelector("[data-more]");
    if (!more) return false;
    this.#fetching ??= this.#put(more).finally(() => { this.#fetching = null; });
    return this.#fetching;
  }

  async #put(more) {
    let html;
    try {
      html = await askPart(more.dataset.more);
    } catch (error) {
      if (more.isConnected) say(reasonOf(error));
      return false;
    }
    if (!more.isConnected) return false;
    const row = more.closest(".more");
    row.insertAdjacentHTML("beforebegin", html);
    row.remove();
    watchWidths();
    this.#watch();
    return true;
  }
}

const number = (step) => step.querySelector(".step-number").textContent;

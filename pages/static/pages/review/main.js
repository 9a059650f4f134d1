// The page of a review: one key for a verdict, and the next trace at once.
import { openCorrection } from "./correct.js";
import { beginChanging } from "./changing.js";
import { compareAttempts, editTags } from "./dialogs.js";
import { listen, setKeys, showKeys } from "./keys.js";
import "../shared/leaving.js";
import { showFacts, takeUp } from "./meanwhile.js";
import { forgetOthers, noteOf, Outbox } from "./outbox.js";
import { Steps } from "./steps.js";
import { newKey } from "../shared/requests.js";
import { watchWidths } from "../shared/widths.js";
import { ask, CONFLICT, Refused } from "./sending.js";
import { after, localTimes, say, startClock, toggles } from "./shown.js";
import { beginUnsent, showUnsent } from "./unsent.js";

const user = document.body.dataset.user;
const find = (selector) => document.querySelector(selector);
const here = () => find("#page .bar").dataset;
const steps = new Steps();
const ANOTHER = "Another trace is shown by now.";

const addressNow = () => location.pathname + location.search;
let address = addressNow(); // of what is shown
let held = null; // the next one, fetched while this one is read
let coming = null; // the promise of it, while it is on its way
let busy = false;
let judged = null; // the trace whose verdict is on its way, while it is still shown
let undoing = null; // the key of an undo without an answer: sent again, it undoes no other verdict
let asked = null; // the reasons of which one is asked for

forgetOthers(user);
const outbox = new Outbox(user, {
  answered: ({ answer, item }) => took(answer, item),
  refused: ({ item, detail, status }) => {
    if (isThereYet(item)) {
      say(`Not taken: ${detail}`, { stays: true });
      if (status === CONFLICT) learn(() => isOf(item));
    } else {
      outbox.keepRefused(item, detail);
      say(`Not taken, trace ${item.trace}: ${detail}`, { stays: true });
    }
    if (judged === item.trace) wait(null);
    if (here().queue && !isOf(item)) fetchNext();
  },
  changed: () => showUnsent(outbox),
});

const isOf = ({ queue, trace }) => trace === here().trace && queue === here().queue;
// What was said stands in the form, to be sent again.
const isThereYet = (item) => isOf(item) && find("#verdict [name=note]")?.value === noteOf(item);

// A page in place of the one before.

function place(page, { fetches = true } = {}) {
  wait(null);
  undoing = null;
  const isReading = find("#guideline")?.open; // it comes with each trace
  find("#page").innerHTML = page.html;
  history.pushState({}, "", page.url);
  address = addressNow();
  document.title = `${page.title} | Tunix RT`;
  arrive();
  if (isReading) find("#guideline")?.showModal();
  if (fetches) fetchNext();
  scrollTo(0, 0);
  find("#main").focus({ preventScroll: true });
}

function wait(trace) {
  judged = trace;
  find("#page").classList.toggle("waiting", Boolean(trace));
}

function arrive() {
  endAsking();
  showKeys();
  steps.begin();
  startClock();
  localTimes();
  watchWidths();
  after.beginSheet();
  showUnsent(outbox);
}

function fetchNext() {
  const { next, claim } = here();
  if (!next || !claim || coming) return;
  coming = outbox
    .inTurn(() => ask(next, new URLSearchParams({ after: claim })))
    .then((answer) => {
      held = answer.trace ? answer : null;
      if (held && judged === here().trace) queueMicrotask(goOn);
    })
    .catch((error) => { if (!(error instanceof Refused)) held = null; })
    .finally(() => { coming = null; });
}

function took(answer, item) {
  if (item.queue !== here().queue || (!item.queue && !isOf(item))) { // it was given on another page of this tab
    if (judged === item.trace) wait(null);
    return;
  }
  if (!item.queue) return place(answer);
  if (!answer.trace) { // nothing behind it
    if (!here().trace || here().trace === item.trace) place(answer);
    held = null;
  } else if (here().trace === item.trace || !here().trace) place(answer);
  else {
    find(".bar-left strong").textContent = answer.left;
    if (answer.trace === here().trace) fetchNext();
    else held = answer;
    if (judged === here().trace) goOn(); // somebody was faster than the answer
  }
}

// What the keys and the buttons do.

async function judge(verdict, words) {
  endAsking();
  const form = find("#verdict");
  if (!form || busy || judged === here().trace) return;
  busy = true;
  try {
    const fields = new FormData(form);
    fields.delete("csrfmiddlewaretoken");
    for (const name of [...fields.keys()]) if (name.startsWith("label-")) fields.delete(name);
    fields.set("verdict", verdict);
    if (steps.labels.size) fields.set("labels", JSON.stringify(Object.fromEntries(steps.labels)));
    const { verdict: url, trace, queue, page } = here();
    // the answer is the one behind what is shown by then
    const beyond = () => (here().trace === trace ? held?.claim : here().claim) ?? "";
    outbox.add({ url, trace, queue, page, words, fields: [...fields], beyond });
    wait(trace);
    say(words);
    await goOn();
  } finally {
    busy = false;
  }
}

async function goOn() {
  if (coming) await coming;
  if (!held || judged !== here().trace) return; // the answer brings it
  const next = held;
  held = null;
  place(next, { fetches: false });
}

function reject() {
  const reasons = find(".reasons");
  const isGiven = reasons?.querySelector("input:checked");
  if (!reasons || isGiven || reasons === asked) return judge("rejected", "Rejected");
  asked = reasons;
  reasons.classList.add("asked");
  say("Why? A digit, or choose and Reject; Enter or Reject again for none; Esc: not rejected.", { stays: true });
  const choices = [...reasons.querySelectorAll("input")];
  const keys = Object.fromEntries(choices.map((choice, index) => [
    `${index + 1}`, () => { choice.checked = true; judge("rejected", `Rejected: ${choice.value}`); },
  ]));
  setKeys({ ...keys, Enter: () => judge("rejected", "Rejected"), Escape: endAsking });
}

function endAsking() {
  if (!asked) return;
  asked.classList.remove("asked");
  asked = null;
  setKeys(null);
  say("");
}

async function act(url, fields, words, options) {
  try {
    await send(url, fields, words, options);
  } catch (error) {
    say(error instanceof Refused ? error.message : "The site does not answer. Try again.", { stays: true });
  }
}

// Sends what is no verdict, when all verdicts are sent, and shows what is answered.
async function send(url, fields, words, options) {
  endAsking();
  if (busy) throw new Refused("Something is on its way yet: try again.");
  if (outbox.items.some((item) => item.waits)) throw new Refused("Not sent yet: wait until it is.");
  busy = true;
  try {
    await outbox.drained();
    if (coming) await coming;
    const answer = await outbox.inTurn(() => ask(url, new URLSearchParams(fields), options));
    held = null;
    place(answer);
    say(answer.words || words);
  } finally {
    busy = false;
  }
}

const skip = () => here().claim && act(here().skip, { claim: here().claim }, "Skipped");

function undo() {
  if (!here().undo) return;
  undoing ??= newKey();
  act(here().undo, {}, "Undone", { key: undoing });
}

function note() {
  after.openSheet();
  find("#verdict textarea")?.focus();
}

// The refusal is told whether or not the page is to be had anew.
const learn = (isShown) => takeUp(isShown).catch((error) => console.warn(error));

function tags() {
  const { tags: url, trace } = here();
  const isShown = () => here().trace === trace;
  editTags(async (text, expected) => {
    if (!isShown()) throw new Refused(ANOTHER);
    try {
      const answer = await ask(url, new URLSearchParams({ tags: text, expected_tags: JSON.stringify(expected) }));
      if (isShown()) showFacts(answer.html);
    } catch (error) {
      if (error.status === CONFLICT) await learn(isShown);
      throw error;
    }
    say("Tags saved");
  });
}

function correct() {
  const form = find("#verdict");
  const { correct: url, trace } = here();
  if (!form || judged === trace) return;
  const expected = ["claim", "expected_review", "expected_status"].filter((name) => form.elements[name]);
  const isShown = () => here().trace === trace;
  openCorrection(url, async (fields, key) => {
    if (!isShown()) throw new Refused(ANOTHER);
    const taken = expected.map((name) => [name, form.elements[name].value]);
    try {
      await send(url, [...fields, ...taken], "Corrected", { key });
    } catch (error) {
      if (error.status === CONFLICT) await learn(isShown);
      throw error;
    }
  });
}

const ACTIONS = {
  approve: () => judge("approved", "Approved"),
  reject,
  flag: () => judge("flagged", "Flagged"),
  skip,
  undo,
  correct,
  next: () => steps.move(1),
  before: () => steps.move(-1),
  "first-wrong": () => steps.firstWrong(),
  right: () => steps.label(1),
  neutral: () => steps.label(0),
  wrong: () => steps.label(-1),
  "no-label": () => steps.label(null),
  note,
  tags,
  raw: () => toggles.raw(),
  marks: () => toggles.marks(),
  compare: () => here().attempts && compareAttempts(here().attempts),
  guideline: () => find("#guideline")?.showModal(),
  help: () => find("#help").showModal(),
};

listen(ACTIONS);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return; // a link opens elsewhere
  event.preventDefault();
  ACTIONS[button.dataset.action]();
});

document.addEventListener("keydown", (event) => {
  if (event.target.name !== "note" || event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape" || (event.key === "Enter" && event.ctrlKey)) {
    event.preventDefault();
    find("#main").focus({ preventScroll: true });
  }
});

addEventListener("popstate", () => { // of a place in what is shown as well
  if (addressNow() !== address) location.reload();
});
document.documentElement.classList.add("js");
after.begin(outbox, () => here());
beginUnsent(outbox, () => judged !== here().trace && (steps.labels.size || find("#verdict [name=note]")?.value));
find("#help").addEventListener("close", beginChanging(find("#help"), say));
toggles.begin();
arrive();
fetchNext();
if (outbox.items.some(isOf)) wait(here().trace);
outbox.resume();

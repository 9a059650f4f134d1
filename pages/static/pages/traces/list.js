// The list of traces: keys, rows that are chosen, the panel of filters, verdicts on single rows.
import { newKey, token } from "../shared/requests.js";
import { isOn } from "../review/keys.js";
import { isForPage, say, sayLoggedOut } from "../shared/site.js";

const VERDICTS = { a: ["approved", "Approved"], r: ["rejected", "Rejected"], f: ["flagged", "Flagged"] };
const boxes = () => [...document.querySelectorAll("#rows input[name=chosen]")];
const rows = () => [...document.querySelectorAll("#rows tbody tr")];
const here = () => document.activeElement?.closest("#rows tbody tr");
let last = null; // the box that was chosen last

function counted() {
  const chosen = boxes().filter((box) => box.checked).length;
  const shown = document.querySelector("[data-chosen-count]");
  if (shown) shown.textContent = chosen;
  const all = document.querySelector("[data-choose-all]");
  if (all) [all.checked, all.indeterminate] = [chosen > 0 && chosen === boxes().length, chosen > 0 && chosen < boxes().length];
  return chosen;
}

function choose(box, checked, isRange) {
  const all = boxes();
  const [from, to] = [all.indexOf(isRange && last ? last : box), all.indexOf(box)].sort((a, b) => a - b);
  all.slice(Math.max(0, from), to + 1).forEach((one) => (one.checked = checked));
  last = box;
  say(`${counted()} chosen`);
}

document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.matches("#rows input[name=chosen]")) choose(target, target.checked, event.shiftKey);
  else if (target.matches("[data-choose-all]")) {
    boxes().forEach((box) => (box.checked = target.checked));
    say(`${counted()} chosen`);
  } else if (target.closest("[data-choose-none]")) {
    boxes().forEach((box) => (box.checked = false));
    counted();
    (rows()[0]?.querySelector("a") ?? document.querySelector("#main")).focus();
    say("Nothing is chosen");
  } else if (target.closest("[data-toggle]")) {
    event.preventDefault();
    toggle(target.closest("[data-toggle]"));
  }
});

function toggle(button) {
  const panel = document.getElementById(button.getAttribute("aria-controls"));
  panel.hidden = !panel.hidden;
  button.setAttribute("aria-expanded", String(!panel.hidden));
  if (!panel.hidden) panel.querySelector("input, select")?.focus();
}

async function judge(row, verdict) {
  if (row.ariaBusy) return say("The verdict before is on its way yet.");
  row.ariaBusy = "true";
  try {
    await send(row, verdict);
  } finally {
    row.ariaBusy = null;
  }
}

async function send(row, [verdict, word]) {
  const body = new URLSearchParams({ verdict, expected_status: row.dataset.status });
  const headers = { Accept: "application/json", "X-CSRFToken": token(), "Idempotency-Key": newKey() };
  const response = await fetch(`${row.closest("table").dataset.judgedAt}/${row.dataset.trace}/verdict`, { method: "POST", body, headers, redirect: "error" }).catch(() => null);
  if (response?.status === 401) return sayLoggedOut();
  const answer = await response?.json().catch(() => null);
  if (!response?.ok) return say(answer?.detail ?? "The site does not answer. The verdict was not sent.");
  const before = row.dataset.status;
  row.dataset.status = answer.status;
  const shown = row.querySelector(".status");
  if (shown) [shown.className, shown.textContent] = [`status ${answer.status}`, answer.status];
  if (answer.status === verdict) say(word);
  else if (answer.status === before) say(`${word}; the trace stays ${before} until its other verdict`);
  else say(`${word}; the verdicts on the trace differ: it is ${answer.status}, and somebody else decides`);
}

function go(step) {
  const all = rows();
  const at = all.indexOf(here());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  next?.querySelector(".prompt a").focus();
}

document.addEventListener("keydown", (event) => {
  if (!document.querySelector("#rows") || !isForPage(event)) return;
  if (event.key === "Enter" && event.target.matches("#chosen input, #rows input")) return event.preventDefault(); // a box sends nothing
  if (!isOn()) return;
  const row = here();
  const { key } = event;
  if (key === "j" || key === "k") go(key === "j" ? 1 : -1);
  else if (key.toLowerCase() === "x" && row) {
    const box = row.querySelector("input[name=chosen]");
    choose(box, !box.checked, event.shiftKey);
  } else if (key in VERDICTS && row?.closest("[data-judged-at]")) {
    if (!event.repeat) judge(row, VERDICTS[key]); // not again while it is held down
  } else return;
  event.preventDefault();
});

document.addEventListener("htmx:afterSwap", () => {
  last = null;
  counted();
});
counted(); // a page that was gone back to keeps its boxes

// What stands around a trace: the live region, the clock, toggles, the sheet of a phone, dialogs.
import { ask, Refused } from "./sending.js";

const find = (selector) => document.querySelector(selector);
const SAID_FOR = 2500;
const RENEWED_BEFORE = 8 * 60000; // of the ten minutes of a claim

let silence = 0;

export function say(text, { stays = false } = {}) {
  const said = find("#said");
  clearTimeout(silence);
  said.textContent = text;
  said.classList.toggle("on", Boolean(text));
  if (!stays) silence = setTimeout(() => said.classList.remove("on"), SAID_FOR);
}

let since = Date.now();

export function startClock() {
  since = Date.now();
  tick();
}

function tick() {
  const clock = find(".bar-time");
  if (!clock) return;
  const seconds = Math.floor((Date.now() - since) / 1000);
  clock.hidden = false;
  clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// Times of day as the clock on the wall says them.
export function localTimes() {
  for (const time of document.querySelectorAll(".bar-claim time")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }
}

export const toggles = {
  begin() {
    const root = document.documentElement.classList;
    if (localStorage.getItem("tunix:raw")) root.add("show-raw");
    if (localStorage.getItem("tunix:marks-off")) root.add("hide-marks");
    const theme = (localStorage.getItem("_x_adminTheme") ?? "").replaceAll('"', "");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  },
  raw() {
    say(toggle("show-raw", "tunix:raw") ? "As it was sent" : "Rendered");
  },
  marks() {
    say(toggle("hide-marks", "tunix:marks-off") ? "Invisible characters are not marked" : "Invisible characters are marked");
  },
};

function toggle(name, key) {
  const on = document.documentElement.classList.toggle(name);
  if (on) localStorage.setItem(key, "1");
  else localStorage.removeItem(key);
  return on;
}

export const after = {
  begin(outbox, here) {
    setInterval(tick, 1000);
    document.addEventListener("click", ({ target }) => {
      if (target.closest("#sheet")) setSheet(!find("#beside").classList.contains("open"));
    });
    for (const kind of ["keydown", "pointerdown", "scroll"]) {
      addEventListener(kind, () => renew(outbox, here()), { passive: true });
    }
  },
  beginSheet() {
    setSheet(false);
  },
  openSheet() {
    setSheet(true);
  },
};

function setSheet(open) {
  const beside = find("#beside");
  beside?.classList.toggle("open", open);
  find("#sheet")?.setAttribute("aria-expanded", String(open));
}

let renewing = false;

async function renew(outbox, { claim, ended, expires, renew: url }) {
  if (!claim || ended || renewing || new Date(expires) - Date.now() > RENEWED_BEFORE) return;
  renewing = true;
  const bar = find("#page .bar");
  try {
    const answer = await outbox.inTurn(() => ask(url, new URLSearchParams({ claim })));
    bar.dataset.expires = answer.expires_at;
    bar.querySelector(".bar-claim time").dateTime = answer.expires_at;
    localTimes();
  } catch (error) {
    if (!(error instanceof Refused)) return;
    bar.dataset.ended = "true"; // it is told once, and not asked for again
    if (bar.isConnected) say(error.message, { stays: true });
  } finally {
    renewing = false;
  }
}

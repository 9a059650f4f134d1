// Dialogs: the keys and how to change them, tags, and attempts side by side.
import { changeKey, isOn, resetKeys, switchKeys } from "./keys.js";
import { say } from "./shown.js";
import { ask, CONFLICT, Refused } from "./sending.js";

const find = (selector) => document.querySelector(selector);
export const reasonOf = (error) => error instanceof Refused ? error.message : "The site does not answer. Try again.";

// The keys: each is a button, and the next key that is pressed takes its place.

let waiting = null; // the button whose key is changed

export function beginHelp() {
  const dialog = find("#help");
  const box = find("#single-keys");
  const problem = dialog.querySelector(".problem");
  const stop = () => {
    waiting?.removeAttribute("aria-pressed");
    waiting = null;
  };
  box.checked = isOn();
  box.addEventListener("change", () => switchKeys(box.checked));
  dialog.addEventListener("close", stop);
  dialog.addEventListener("click", ({ target }) => {
    if (target.closest("#reset-keys")) {
      resetKeys();
      box.checked = true;
    }
    const button = target.closest("button[data-change]");
    stop();
    problem.textContent = "";
    if (!button) return;
    waiting = button;
    button.setAttribute("aria-pressed", "true");
    say("Press the new key; Esc keeps the old one.", { stays: true });
  });
  dialog.addEventListener("keydown", (event) => {
    if (!waiting || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key) || event.isComposing) return;
    event.preventDefault();
    const reason = event.key === "Escape" ? "" : changeKey(waiting.dataset.change, event.key);
    problem.textContent = reason;
    if (reason) return;
    say("");
    stop();
  });
}

const shownTags = () => [...document.querySelectorAll("#more .facts .tag")].map((tag) => tag.dataset.tag);

/** Ask for other tags; `save` is given them and those that were shown, which others may have changed. */
export function editTags(save) {
  const dialog = find("#tags");
  if (!dialog) return;
  const text = dialog.querySelector("textarea");
  const problem = dialog.querySelector(".problem");
  let expected = shownTags();
  text.value = find("#more [data-tags]").dataset.tags;
  problem.textContent = "";
  dialog.querySelector("form").onsubmit = async (event) => {
    if (event.submitter?.value !== "save") return;
    event.preventDefault();
    try {
      await save(text.value, expected);
      dialog.close();
    } catch (error) {
      problem.textContent = reasonOf(error);
      if (error.status === CONFLICT) expected = shownTags(); // the reason says what they are by now
    }
  };
  dialog.showModal();
}

export async function compareAttempts(url) {
  try {
    const { html } = await ask(url);
    find("#compare .attempts-beside").innerHTML = html;
    find("#compare").showModal();
  } catch (error) {
    say(reasonOf(error), { stays: true });
  }
}

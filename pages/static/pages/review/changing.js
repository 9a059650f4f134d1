// The list of keys: each is a button, and the next key that is pressed takes its place.
import { changeKey, isOn, resetKeys, showKeys, switchKeys } from "./keys.js";

/** Let the keys within `list` be changed, saying what is waited for; gives what ends the waiting. */
export function beginChanging(list, say) {
  const box = list.querySelector("#single-keys");
  const problem = list.querySelector(".problem");
  let waiting = null; // the button whose key is changed
  const stop = () => {
    waiting?.removeAttribute("aria-pressed");
    waiting = null;
  };
  showKeys();
  box.checked = isOn();
  box.addEventListener("change", () => switchKeys(box.checked));
  list.addEventListener("click", ({ target }) => {
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
  list.addEventListener("keydown", (event) => {
    if (!waiting || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key) || event.isComposing) return;
    event.preventDefault();
    const reason = event.key === "Escape" ? "" : changeKey(waiting.dataset.change, event.key);
    problem.textContent = reason;
    if (reason) return;
    say("");
    stop();
  });
  return stop;
}

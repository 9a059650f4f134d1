// Single keys: silent while somebody types, composes, holds a modifier or has a dialog open.
const OFF = "tunix:keys-off";
const ONCE = new Set(["a", "r", "f", "s", "u", "w"]); // not again while they are held down

let keys = {};
let asked = null; // keys that stand for all others until one of them is pressed

export function setKeys(others) {
  asked = others;
}

export function listen(found) {
  keys = found;
  document.addEventListener("keydown", pressed);
}

export const areOn = () => localStorage.getItem(OFF) === null;

export function switchKeys(on) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]") || !areOn()) return;
  const act = asked ? asked[event.key] : keys[event.key];
  if (!act || (event.repeat && (asked || ONCE.has(event.key)))) return;
  event.preventDefault();
  act();
}

function isTyping(target) {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["radio", "checkbox", "button", "submit"].includes(target.type);
}

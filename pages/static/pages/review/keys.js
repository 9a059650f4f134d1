// Single keys, each person's own: silent while somebody types, composes, holds a modifier or has a dialog open.
const KEPT = `tunix:keys:${document.querySelector("[data-user]").dataset.user}`;
const FIRST = {
  approve: "a", reject: "r", flag: "f", skip: "s", undo: "u", correct: "e", next: "j", before: "k", "first-wrong": "w",
  right: "1", neutral: "2", wrong: "3", "no-label": "0", note: "n", tags: "t", raw: "m", marks: "i", compare: "c",
  guideline: "g", help: "?",
};
const ONCE = new Set(["approve", "reject", "flag", "skip", "undo", "first-wrong"]); // not again while they are held down

let actions = {};
let asked = null; // keys that stand for all others until one of them is pressed
let kept = { off: false, keys: {} };
try {
  kept = { ...kept, ...JSON.parse(localStorage.getItem(KEPT)) };
} catch {
  localStorage.removeItem(KEPT);
}

export function setKeys(others) {
  asked = others;
}

export function listen(found) {
  actions = found;
  document.addEventListener("keydown", pressed);
}

export const isOn = () => !kept.off;

export function switchKeys(on) {
  keep({ ...kept, off: !on });
}

export const keyOf = (name) => kept.keys[name] ?? FIRST[name];

// Give an action another key; gives the reason where it may not have it.
export function changeKey(name, key) {
  if ([...key].length !== 1 || key.trim() === "") return "Only keys that write a character can be taken.";
  const other = Object.keys(FIRST).find((one) => one !== name && keyOf(one) === key);
  if (other) return `That key is taken, by: ${other.replace("-", " ")}.`;
  keep({ ...kept, keys: { ...kept.keys, [name]: key } });
  return "";
}

export function resetKeys() {
  keep({ off: false, keys: {} });
}

export function showKeys() {
  for (const shown of document.querySelectorAll("kbd[data-of]")) shown.textContent = keyOf(shown.dataset.of);
}

function keep(changed) {
  kept = changed;
  localStorage.setItem(KEPT, JSON.stringify(kept));
  showKeys();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]") || !isOn()) return;
  if (event.key === "Enter" && event.target.closest("a[href], button, summary")) return; // it is theirs
  const name = Object.keys(FIRST).find((one) => keyOf(one) === event.key);
  const act = asked ? asked[event.key] : actions[name];
  if (!act || (event.repeat && (asked || ONCE.has(name)))) return;
  event.preventDefault();
  act();
}

function isTyping(target) {
  if (target.closest("dialog:not([open])")) return false; // it was closed since, and has the focus yet
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["radio", "checkbox", "button", "submit"].includes(target.type);
}

// Logging out: what was not sent or not taken goes with the session, and is asked for before.
const PREFIX = "tunix:outbox:";

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.leaving, #logout-form")) return;
  const kept = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
  const words = lost(kept.flatMap((name) => JSON.parse(sessionStorage.getItem(name))));
  if (words && !confirm(`${words} Log out?`)) {
    event.preventDefault();
    return;
  }
  for (const name of kept) sessionStorage.removeItem(name);
});

function lost(items) {
  const isRefused = (item) => Boolean(item.refused);
  const parts = [];
  if (!items.every(isRefused)) parts.push("Some verdicts are not sent yet, and would be lost.");
  if (items.some(isRefused)) parts.push("Some verdicts were not taken: the list of them would be lost.");
  return parts.join(" ");
}

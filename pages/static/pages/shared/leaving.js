// Logging out: what was not sent goes with the session, and is asked for before.
const PREFIX = "tunix:outbox:";

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.leaving, #logout-form")) return;
  const kept = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
  if (kept.length && !confirm("Some verdicts are not sent yet, and would be lost. Log out?")) {
    event.preventDefault();
    return;
  }
  for (const name of kept) sessionStorage.removeItem(name);
});

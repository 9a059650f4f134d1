// The list of verdicts that are not sent yet, and of those that were refused when another trace was shown.
import { noteOf } from "./outbox.js";

const find = (selector) => document.querySelector(selector);
const made = (name, fields) => Object.assign(document.createElement(name), fields);

/** Show what is not sent where it is asked for, and have the browser ask before that, or what `isTyped`, is left. */
export function beginUnsent(outbox, isTyped) {
  addEventListener("beforeunload", (event) => {
    if (outbox.holds || isTyped()) event.preventDefault();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#outbox")) find("#unsent").showModal();
    const button = target.closest("[data-dismiss]");
    if (!button) return;
    outbox.dismiss(button.dataset.dismiss);
    find("#unsent form button").focus(); // the one that had the focus is gone
  });
}

export function showUnsent({ items, refused }) {
  const counts = [];
  if (items.some((item) => item.waits)) counts.push(`${items.length} not sent`);
  if (refused.length) counts.push(`${refused.length} not taken`);
  const button = find("#outbox");
  if (button) {
    button.hidden = !counts.length;
    button.textContent = counts.join(", ");
  }
  fill("#waiting-verdicts", items.map((item) => made("li", { textContent: `${item.words}: trace ${item.trace}` })));
  fill("#refused-verdicts", refused.map(refusedRow));
}

function fill(name, rows) {
  const section = find(name);
  section.hidden = !rows.length;
  section.querySelector("ul").replaceChildren(...rows);
}

function refusedRow(item) {
  const row = made("li", { textContent: `${item.words}: trace ` });
  row.append(
    made("a", { href: item.page, target: "_blank", rel: "noopener", textContent: item.trace }),
    made("p", { className: "problem", dir: "auto", textContent: item.refused }),
    made("p", { className: "said-note", dir: "auto", textContent: noteOf(item) }),
  );
  const button = made("button", { type: "button", className: "plain small", textContent: "Dismiss" });
  button.dataset.dismiss = item.key;
  button.setAttribute("aria-label", `Dismiss trace ${item.trace}`);
  row.append(button);
  return row;
}

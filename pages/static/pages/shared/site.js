// What every page in the admin's layout does: it tells what was swapped, and loads what is no such page.
import { token } from "./requests.js";
import { watchWidths } from "./widths.js";

const said = document.querySelector("#said");
let fading = null;

/** Say something to whoever listens, and show it for a while, but where it stands in the page. */
export function say(words, { stands = false } = {}) {
  said.textContent = words;
  said.classList.toggle("on", Boolean(words) && !stands);
  clearTimeout(fading);
  fading = setTimeout(() => said.classList.remove("on"), 6000);
}

/** Tell keys that are meant for the page from those of a field, of a shortcut, or of composing. */
export function isForPage(event) {
  const typing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]");
  return !(typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented);
}

const main = () => document.querySelector("#main");

document.addEventListener("htmx:configRequest", (event) => {
  const { parameters, verb } = event.detail;
  if (verb !== "get") parameters.csrfmiddlewaretoken = token(); // another login changed that of the form
});

// Where the session ended nothing is swapped: what was typed stays, and polls go on behind the login.
export function sayLoggedOut() {
  if (said.querySelector("a")) return; // as a poll says it again and again
  const link = Object.assign(document.createElement("a"), { href: said.dataset.login, target: "_blank", rel: "noopener" });
  link.textContent = "Log in again";
  say("Your session ended. What is here is kept: ");
  said.append(link, ", then send it once more.");
  clearTimeout(fading);
}

document.addEventListener("htmx:afterOnLoad", (event) => {
  if (event.detail.xhr.status !== 401 && said.querySelector("a")) say("");
});

// A page of another kind (a review, a model's page, a login) is never swapped in: it has a policy of its own.
// Nor is one that needs what this document has not loaded.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig, target } = event.detail;
  if (xhr.status === 401 && (target !== main() || requestConfig.verb !== "get")) {
    event.detail.shouldSwap = false;
    return sayLoggedOut();
  }
  if (target !== main()) {
    if (xhr.status < 400) return;
    event.detail.shouldSwap = false;
    const reason = reasonIn(xhr);
    if (said.textContent !== reason) say(reason); // a poll is refused again and again
    return;
  }
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const isOurs = page.querySelector("main[data-site]");
  if (isOurs && needed(page).every((address) => needed(document).includes(address))) return;
  event.detail.shouldSwap = false;
  if (requestConfig.verb === "get") {
    location.assign(xhr.responseURL || requestConfig.path);
  } else if (xhr.status < 400) {
    location.assign(xhr.responseURL);
  } else {
    say(reasonIn(xhr));
  }
});

/** Give the sentence of a refusal, which is JSON, or a page. */
function reasonIn(xhr) {
  try {
    return JSON.parse(xhr.responseText).detail ?? `Refused with ${xhr.status}.`;
  } catch {
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    return page.querySelector("main p, p")?.textContent.trim() || `Refused with ${xhr.status}.`;
  }
}

// A menu is closed by Escape, by a click beside it, and by opening another one.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && !event.isComposing ? document.querySelector(".menu[open]") : null;
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// What somebody opened in a part of the page stays open when the part is swapped.
let opened = [];
document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  opened = target === main() ? [] : [...target.querySelectorAll("details[id][open]")].map(({ id }) => id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});

function needed(page) {
  const found = [...page.head.querySelectorAll("link[rel=stylesheet], script[src]")].filter((one) => !one.closest("noscript"));
  return found.map((one) => one.getAttribute("href") ?? one.getAttribute("src"));
}

// What a form sends is not given up for what its fields ask meanwhile, nor sent twice.
document.addEventListener("htmx:confirm", (event) => {
  const form = event.detail.verb === "get" ? null : event.target.closest("form");
  if (form?.classList.contains("htmx-request")) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(document.getElementById(button.dataset.copy));
});

async function copy(shown) {
  if (shown.select) shown.select();
  else getSelection().selectAllChildren(shown);
  try {
    await navigator.clipboard.writeText(shown.value ?? shown.textContent);
    say("Copied.");
  } catch {
    say("Selected: copy it with Ctrl+C."); // a page over plain HTTP has no clipboard
  }
}

document.addEventListener("said", (event) => say(event.detail.value)); // what an answer has the page say

document.addEventListener("htmx:sendError", () => say("The site does not answer. Try again."));

watchWidths();

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "main") return;
  watchWidths();
  const heading = main().querySelector("h1");
  const told = [...main().querySelectorAll(".told li")].map((one) => one.textContent.trim());
  say(told.join(" ") || heading.textContent.trim(), { stands: true });
  // nobody asked for what a poll brings: the focus stays where it is, or where its like is
  const isPoll = event.detail.requestConfig.elt.matches("[hx-trigger^=every]");
  if (isPoll && document.activeElement !== document.body) return;
  (main().querySelector("[data-focus]") ?? heading).focus({ preventScroll: true });
  if (!isPoll) window.scrollTo(0, 0);
});

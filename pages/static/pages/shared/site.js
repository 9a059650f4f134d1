// What every page in the admin's layout does: it tells what was swapped, and loads what is no such page.
const said = document.querySelector("#said");
let fading = null;

/** Say something to whoever listens, and show it for a while. */
export function say(words) {
  said.textContent = words;
  said.classList.toggle("on", Boolean(words));
  clearTimeout(fading);
  fading = setTimeout(() => said.classList.remove("on"), 6000);
}

/** Tell keys that are meant for the page from those of a field, of a shortcut, or of composing. */
export function isForPage(event) {
  const typing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]");
  return !(typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented);
}

const main = () => document.querySelector("#main");
const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

document.addEventListener("htmx:configRequest", (event) => {
  const { parameters, verb } = event.detail;
  if (verb !== "get") parameters.csrfmiddlewaretoken = token(); // another login changed that of the form
});

// A page of another kind (a review, a model's page, a login) is never swapped in: it has a policy of its own.
// Nor is one that needs what this document has not loaded.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig, target } = event.detail;
  if (target !== main()) return;
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const isOurs = page.querySelector("main[data-site]");
  if (isOurs && needed(page).every((address) => needed(document).includes(address))) return;
  event.detail.shouldSwap = false;
  if (requestConfig.verb === "get") {
    location.assign(xhr.responseURL || requestConfig.path);
  } else if (new URL(xhr.responseURL).pathname.endsWith("/login/")) {
    say("Your session ended. Log in again in another tab, then send this once more: it is kept here.");
  } else if (xhr.status < 400) {
    location.assign(xhr.responseURL);
  } else {
    say(page.querySelector("main p, p")?.textContent.trim() || `Refused with ${xhr.status}.`);
  }
});

function needed(page) {
  const found = [...page.head.querySelectorAll("link[rel=stylesheet], script[src]")].filter((one) => !one.closest("noscript"));
  return found.map((one) => one.getAttribute("href") ?? one.getAttribute("src"));
}

document.addEventListener("htmx:sendError", () => say("The site does not answer. Try again."));
document.addEventListener("htmx:responseError", () => say("Something went wrong here. Try again."));

// What is wider than its place, as formulas may be, is scrolled by keys as well.
function watchWidths() {
  for (const text of document.querySelectorAll(".rendered")) {
    if (text.scrollWidth > text.clientWidth) text.setAttribute("tabindex", "0");
  }
}
watchWidths();

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "main") return;
  watchWidths();
  const heading = main().querySelector("h1");
  const told = [...main().querySelectorAll(".told li")].map((one) => one.textContent.trim());
  say(told.join(" ") || heading.textContent.trim());
  (main().querySelector("[data-focus]") ?? heading).focus({ preventScroll: true });
  window.scrollTo(0, 0);
});

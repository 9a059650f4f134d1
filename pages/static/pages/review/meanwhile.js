// What somebody else changed meanwhile: the page tells it and expects it, and what was typed stays.
import { showKeys } from "./keys.js";
import { askPart } from "./sending.js";
import { localTimes } from "./shown.js";

/** Take up what the page of the trace says by now, where that one `isShown` yet. */
export async function takeUp(isShown) {
  const page = read(await askPart(location.href));
  if (!isShown()) return;
  putFacts(page);
  for (const { name, value } of page.querySelectorAll("#verdict [type=hidden]")) {
    const field = document.querySelector(`#verdict [type=hidden][name="${name}"]`);
    if (field) field.value = value;
  }
  const fresh = page.querySelector(".bar[data-claim]");
  const bar = document.querySelector("#page .bar[data-claim]");
  if (!fresh || !bar) return;
  delete bar.dataset.ended;
  Object.assign(bar.dataset, fresh.dataset);
  bar.querySelector(".bar-claim").replaceWith(fresh.querySelector(".bar-claim"));
  localTimes();
}

export const showFacts = (html) => putFacts(read(html));

const read = (html) => new DOMParser().parseFromString(html, "text/html");

function putFacts(page) {
  document.querySelector("#more .facts").replaceWith(page.querySelector("#more .facts"));
  showKeys();
}

// Attempts side by side: two digits say which is better than which, as its buttons do.
import { isOn } from "../review/keys.js";
import { isForPage, say } from "../shared/site.js";

let better = null; // the column whose digit was pressed

const column = (digit) => document.querySelector(`[data-column="${digit}"]`);

function pick(next) {
  better?.classList.remove("picked");
  better = next;
  better?.classList.add("picked");
}

document.addEventListener("keydown", (event) => {
  if (!isForPage(event) || !isOn()) return;
  if (event.key === "Escape" && better) {
    pick(null);
    return say("Nothing is preferred.");
  }
  const named = /^[1-9]$/.test(event.key) ? column(event.key) : null;
  if (!named?.querySelector(".prefer")) return;
  event.preventDefault();
  if (!better) {
    pick(named);
    named.scrollIntoView({ block: "nearest", inline: "nearest" });
    return say(`Attempt ${event.key} is better: than which? Esc takes it back.`);
  }
  const button = better.querySelector(`.prefer button[value="${named.dataset.trace}"]`);
  pick(null);
  if (button) button.click();
  else say("Nothing is preferred: that is the same attempt.");
});

document.addEventListener("htmx:afterSwap", () => (better = null));

// Copies what stands in an element; without this the text can be selected.
import { say } from "../shared/site.js";

const show = () => document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  say("Copied.");
});
document.addEventListener("htmx:afterSettle", show);
show();

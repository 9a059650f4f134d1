// Dialogs: tags, and attempts side by side.
import { say } from "./shown.js";
import { ask, CONFLICT, Refused } from "./sending.js";

const find = (selector) => document.querySelector(selector);
export const reasonOf = (error) => error instanceof Refused ? error.message : "The site does not answer. Try again.";

const shownTags = () => [...document.querySelectorAll("#more .facts .tag")].map((tag) => tag.dataset.tag);

/** Ask for other tags; `save` is given them and those that were shown, which others may have changed. */
export function editTags(save) {
  const dialog = find("#tags");
  if (!dialog) return;
  const text = dialog.querySelector("textarea");
  const problem = dialog.querySelector(".problem");
  let expected = shownTags();
  text.value = find("#more [data-tags]").dataset.tags;
  problem.textContent = "";
  dialog.querySelector("form").onsubmit = async (event) => {
    if (event.submitter?.value !== "save") return;
    event.preventDefault();
    try {
      await save(text.value, expected);
      dialog.close();
    } catch (error) {
      problem.textContent = reasonOf(error);
      if (error.status === CONFLICT) expected = shownTags(); // the reason says what they are by now
    }
  };
  dialog.showModal();
}

export async function compareAttempts(url) {
  try {
    const { html } = await ask(url);
    find("#compare .attempts-beside").innerHTML = html;
    find("#compare").showModal();
  } catch (error) {
    say(reasonOf(error), { stays: true });
  }
}

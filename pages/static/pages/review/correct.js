// A correction: what is changed is shown word by word before it is sent; what was typed stays until it is taken.
import { reasonOf } from "./dialogs.js";
import { newKey } from "../shared/requests.js";
import { ask } from "./sending.js";
import { say } from "./shown.js";
import { shownChanges } from "./words.js";

const find = (selector) => document.querySelector(selector);

export async function openCorrection(url, send) {
  const dialog = find("#correct");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const fields = dialog.querySelector(".fields");
  if (dialog.dataset.url !== url) { // else what was typed is there yet
    try {
      const { html } = await ask(url);
      fields.innerHTML = html;
    } catch (error) {
      say(reasonOf(error), { stays: true });
      return;
    }
    dialog.dataset.url = url;
    dialog.dataset.key = newKey();
    form.elements.why.value = "";
  }
  const problem = dialog.querySelector(".problem");
  const changed = () => [...fields.querySelectorAll("textarea")].filter((text) => text.value !== text.defaultValue);
  fields.onclick = ({ target }) => {
    const button = target.closest("[data-add], [data-remove]");
    if (button?.matches("[data-add]")) addStep(fields, button.value);
    else if (button) removeStep(button);
  };
  const stage = (name) => {
    dialog.dataset.stage = name;
    problem.textContent = "";
  };
  const show = () => {
    const rows = changed().map((text) => {
      const row = document.createElement("section");
      const title = document.createElement("h3");
      title.textContent = text.dataset.title;
      row.append(title, shownChanges(text.defaultValue, text.value));
      return row;
    });
    if (!rows.length) {
      problem.textContent = "Nothing is changed yet.";
      return;
    }
    dialog.querySelector(".differences").replaceChildren(...rows);
    stage("shown");
    form.querySelector("[value=send]").focus();
  };
  form.onsubmit = async (event) => {
    const asked = event.submitter?.value;
    if (asked === "cancel") return;
    event.preventDefault();
    if (asked === "back") return stage("typed");
    if (asked !== "send") return show();
    if (dialog.dataset.sending) return;
    dialog.dataset.sending = "true";
    try {
      const given = changed().flatMap((text) => [text, ...typesOf(text)].map(({ name, value }) => [name, value]));
      await send([...given, ["note", form.elements.why.value]], dialog.dataset.key);
      dialog.dataset.url = "";
      dialog.close();
    } catch (error) {
      problem.textContent = reasonOf(error);
    } finally {
      delete dialog.dataset.sending;
    }
  };
  stage("typed");
  dialog.showModal();
}

const typesOf = (text) => [...text.closest(".step-field")?.querySelectorAll("input") ?? []];

let added = 0; // new steps follow one another in the order of their numbers

function addStep(fields, follows) {
  const before = [...fields.querySelectorAll(`[data-follows="${follows}"]`)];
  const fresh = fields.querySelector("template").content.firstElementChild.cloneNode(true);
  const [text, type] = fresh.querySelectorAll("textarea, input");
  const number = added++ % 1000;
  fresh.dataset.follows = follows;
  text.name = `new-${follows}-${number}`;
  type.name = `type-${follows}-${number}`;
  type.value = before[0].dataset.type ?? fields.querySelector("[data-type]").dataset.type;
  before.at(-1).after(fresh);
  text.focus();
}

// A step that is there goes when it is corrected: its text is kept, to be put back.
function removeStep(button) {
  const field = button.closest(".step-field");
  const text = field.querySelector("textarea");
  if (field.matches(".is-new")) {
    const before = field.previousElementSibling;
    field.remove();
    return before.querySelector("[data-add], [data-remove]").focus();
  }
  const isGone = field.classList.toggle("gone");
  if (isGone) field.dataset.text = text.value;
  text.value = isGone ? "" : field.dataset.text;
  const title = text.dataset.title.toLowerCase();
  button.textContent = isGone ? `Put ${title} back` : `Remove ${title}`;
}

// What a form of the API's pages sends: its text as it stands, with the method and the type. The
// answer comes below the form, which keeps what was typed, whatever came of it.

import { token } from "../shared/requests.js";

const SAVED = document.querySelector("[data-save]");

function addressOf(form) {
  const query = form.elements.query?.value.trim().replace(/^\?/, "");
  return form.dataset.address + (query ? `?${query}` : "");
}

async function send(form) {
  const { kind, body } = form.elements;
  const headers = { Accept: "text/html", "X-CSRFToken": token() };
  if (body) headers["Content-Type"] = kind.value;
  const answer = await fetch(addressOf(form), {
    method: form.dataset.method, headers, body: body?.value, credentials: "same-origin",
  });
  const text = await answer.text();
  const isPage = answer.headers.get("Content-Type")?.startsWith("text/html");
  const shown = isPage && new DOMParser().parseFromString(text, "text/html").getElementById("answer");
  return { isGood: answer.ok, shown: shown || told(`${answer.status} ${text.slice(0, 2000)}`) };
}

function told(text) {
  const paragraph = document.createElement("p");
  paragraph.className = "told bad";
  paragraph.textContent = text;
  return paragraph;
}

function show(form, { isGood, shown }) {
  const outcome = form.parentElement.querySelector(".outcome");
  const id = `${form.dataset.method.toLowerCase()}-status`;
  shown.removeAttribute("id");
  shown.setAttribute("aria-labelledby", id);
  const heading = shown.querySelector("h2");
  if (heading) heading.id = id;
  for (const link of shown.querySelectorAll(".told a")) link.target = "_blank"; // what was typed stays here
  outcome.replaceChildren(shown);
  form.elements.body?.setAttribute("aria-invalid", String(!isGood));
  (heading ?? outcome).focus();
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-method]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    show(form, await send(form));
  } catch (error) {
    show(form, { isGood: false, shown: told(`It did not get through: ${error.message}. Send it again.`) });
  } finally {
    button.disabled = false;
  }
});

document.addEventListener("change", (event) => {
  if (event.target.name !== "kind") return;
  const body = event.target.form.elements.body;
  const examples = [...event.target.options].map((option) => option.dataset.example);
  if (examples.includes(body.value)) body.value = event.target.selectedOptions[0].dataset.example;
});

if (SAVED) {
  SAVED.hidden = false;
  SAVED.addEventListener("click", async () => {
    const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `${location.pathname.split("/").filter(Boolean).join("-")}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

// Requests: with the token that the cookie holds now, and a login in place where the session ended.
import { token } from "../shared/requests.js";

export class Refused extends Error {}
export class Away extends Error {}
export const CONFLICT = 409;

const MOST_KEPT = 60_000; // bytes that a browser sends on when the page is left
const RETRY = new Set([408, 425, 429, 500, 502, 503, 504, 507]);

export const ask = async (...request) => (await answerTo(...request)).json();
export const askPart = async (url) => (await answerTo(url)).text(); // what is put among what is shown

async function answerTo(url, body, { key } = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  if (key) headers["Idempotency-Key"] = key;
  const keepalive = Boolean(key) && `${body}`.length < MOST_KEPT;
  let response;
  try {
    response = await fetch(url, { method: body ? "POST" : "GET", body, headers, keepalive, redirect: "error" });
  } catch {
    throw new Away();
  }
  if (response.status === 401) {
    await logInAgain();
    return answerTo(url, body, { key });
  }
  if (RETRY.has(response.status)) throw new Away();
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({ detail: `Refused with ${response.status}.` }));
  throw Object.assign(new Refused(answer.detail ?? "Refused."), { status: response.status });
}

let waiting = null;

function logInAgain() {
  waiting ??= new Promise((resolve) => {
    const dialog = document.querySelector("#login");
    const form = dialog.querySelector("form");
    const problem = dialog.querySelector(".problem");
    const over = new AbortController();
    const submitted = async (event) => {
      event.preventDefault();
      const response = await fetch(document.body.dataset.login, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json", "X-CSRFToken": token() },
      }).catch(() => null);
      const answer = await response?.json().catch(() => null);
      if (!response?.ok) {
        problem.textContent = answer?.detail ?? "The site does not answer. Try again.";
        return;
      }
      if (`${answer.user}` !== document.body.dataset.user) return location.reload(); // somebody else
      over.abort();
      form.reset();
      problem.textContent = "";
      dialog.close();
      waiting = null;
      resolve();
    };
    const { signal } = over;
    form.addEventListener("submit", submitted, { signal });
    dialog.addEventListener("cancel", (event) => event.preventDefault(), { signal });
    dialog.addEventListener("close", () => dialog.showModal(), { signal }); // a second Esc cannot be prevented
    document.querySelectorAll("dialog[open]").forEach((open) => open.close());
    dialog.showModal();
  });
  return waiting;
}

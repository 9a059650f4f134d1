// A model's form is not sent where the session ended: the login in its place would lose what was typed.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const isModels = form.getAttribute("id")?.endsWith("_form") && form.getAttribute("method") === "post";
  if (!isModels || form.dataset.sent) return;
  event.preventDefault();
  const answer = await fetch("/api/", {
    headers: { Accept: "application/json" }, credentials: "same-origin",
  }).catch(() => null);
  if (answer?.status === 401) return tell(form);
  form.dataset.sent = "true";
  form.requestSubmit(event.submitter);
});

function tell(form) {
  let told = form.querySelector(".tunix-logged-out");
  if (!told) {
    told = document.createElement("p");
    told.className = "tunix-logged-out";
    told.setAttribute("role", "alert");
    form.prepend(told);
  }
  const link = Object.assign(document.createElement("a"), { href: "/admin/login/", target: "_blank", rel: "noopener" });
  link.textContent = "Log in again";
  told.replaceChildren("Your session ended. What is here is kept: ", link, ", then save it once more.");
  told.scrollIntoView({ block: "center" });
}

// Django's boxes of choices have signs with a name and no role, which nobody would be read.
function nameSigns() {
  for (const sign of document.querySelectorAll("span.help-tooltip[aria-label]")) sign.setAttribute("role", "img");
}
addEventListener("load", () => setTimeout(nameSigns)); // they are made as the page is loaded

// Sends a file that is dropped, and a text as a file of its own, of any length; tells how much is sent.
import { say } from "../shared/site.js";

const form = () => document.querySelector("form[data-drop]");
const hasFiles = (event) => form() && event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form()?.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().classList.remove("dropping");
  if (event.dataTransfer.files.length !== 1) return say("One file at a time.");
  form().elements.file.files = event.dataTransfer.files;
  if (isSmallEnough(form().elements.file)) form().requestSubmit();
});

// Before it comes to the field itself, where unfold looks for a field of its own beside it.
document.addEventListener("change", (event) => {
  if (event.target.id !== "file") return;
  event.stopPropagation();
  isSmallEnough(event.target);
}, { capture: true });

function isSmallEnough(input) {
  const limit = Number(input.dataset.limit);
  const is = !input.files[0] || input.files[0].size <= limit;
  input.setCustomValidity(is ? "" : `The file is larger than ${limit.toLocaleString("en")} bytes.`);
  return is || input.reportValidity();
}

document.addEventListener("formdata", (event) => {
  const text = event.target.matches("form[data-drop]") ? event.formData.get("text") : "";
  if (!text?.trim() || event.target.elements.file.files.length) return;
  event.formData.delete("text");
  event.formData.set("file", new File([text], "pasted text"));
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = event.target.matches?.("form[data-drop]") && event.target.querySelector("#sent");
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.value = event.detail.loaded / event.detail.total;
});

// Settings: the keys of a review can be changed here as well; this browser keeps them.
import { beginChanging } from "../review/changing.js";
import { say } from "../shared/site.js";

const begin = () => beginChanging(document.querySelector("#shortcuts"), say);

begin();
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "main" && document.querySelector("#shortcuts")) begin();
});

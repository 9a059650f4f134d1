/** Let what is wider than its place, as formulas may be, be scrolled by keys as well. */
export function watchWidths() {
  for (const text of document.querySelectorAll(".rendered")) {
    if (text.scrollWidth > text.clientWidth) text.setAttribute("tabindex", "0");
  }
}

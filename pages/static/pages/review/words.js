// Which words two texts do not share.
const WORD = /\s+|\p{Ideographic}|[\p{L}\p{M}\p{N}_]+|[^]/gu;
const MOST_CELLS = 4_000_000; // of the table; beyond, all between what begins and ends alike is another
const SAME_SHOWN = 60; // characters of what stays, on either side of what does not

// Give the parts in their order, each [kind, text], kind being "same", "old" or "new".
export function changesOf(before, after) {
  const old = before.match(WORD) ?? [];
  const fresh = after.match(WORD) ?? [];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  const parts = [];
  const add = (kind, word) => {
    if (parts.at(-1)?.[0] === kind) parts.at(-1)[1] += word;
    else if (word) parts.push([kind, word]);
  };
  add("same", old.slice(0, start).join(""));
  middle(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end), add);
  add("same", old.slice(old.length - end).join(""));
  return parts;
}

// The longest common subsequence, by the table of its lengths from the ends.
function middle(old, fresh, add) {
  const width = fresh.length + 1;
  if ((old.length + 1) * width > MOST_CELLS) {
    add("old", old.join(""));
    add("new", fresh.join(""));
    return;
  }
  const lengths = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = old[i] === fresh[j]
        ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      add("same", old[i]);
      i += 1;
      j += 1;
    } else if (j === fresh.length || (i < old.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      add("old", old[i]);
      i += 1;
    } else {
      add("new", fresh[j]);
      j += 1;
    }
  }
}

// Show the parts: what is taken away and what is added, with a little of what stays.
export function shownChanges(before, after) {
  const shown = document.createElement("p");
  shown.dir = "auto";
  const parts = changesOf(before, after);
  parts.forEach(([kind, text], index) => {
    const part = document.createElement({ same: "span", old: "del", new: "ins" }[kind]);
    const visible = text.replace(/\p{Cf}/gu, (sign) => `\u27e8U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`);
    part.textContent = kind === "same" ? shortened(visible, index === 0, index === parts.length - 1) : visible;
    shown.append(part);
  });
  return shown;
}

function shortened(text, isFirst, isLast) {
  const left = isFirst ? 0 : SAME_SHOWN;
  const right = isLast ? 0 : SAME_SHOWN;
  if (text.length <= left + right + 1) return text;
  return `${text.slice(0, left)}\u2026${right ? text.slice(-right) : ""}`;
}

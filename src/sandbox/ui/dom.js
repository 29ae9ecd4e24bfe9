// Making elements. Text is only ever set as text: nothing here or elsewhere parses markup.

let last = 0;

/** An id that is unique on this page. */
export function unique(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}

/** An element. `on` holds listeners, `data` the dataset; true and false set and leave attributes. */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [name, listener] of Object.entries(value)) el.addEventListener(name, listener);
    } else if (key === "data") {
      Object.assign(el.dataset, value);
    } else if (key === "value" || key === "checked" || key === "hidden" || key === "disabled") {
      el[key] = value;
    } else {
      el.setAttribute(key, value === true ? "" : String(value));
    }
  }
  el.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return el;
}

export const hidden = (text) => h("span", { class: "sr" }, text);

const announcer = () => document.getElementById("announcer");

/** Says something to screen readers, after what they are saying now. */
export function announce(text) {
  const line = h("p", {}, text.slice(0, 400));
  announcer().append(line);
  setTimeout(() => line.remove(), 4000);
}

/** Arrow keys, Home and End move the focus among the items that `items()` gives. */
export function arrows(container, items, keys = ["ArrowUp", "ArrowDown"]) {
  container.addEventListener("keydown", (event) => {
    const list = items();
    const at = list.indexOf(document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = { [keys[0]]: at - 1, [keys[1]]: at + 1, Home: 0, End: list.length - 1 }[event.key];
    if (to === undefined || !list[to]) return;
    event.preventDefault();
    list[to].focus();
  });
}

/** What is kept for this browser; a browser that keeps nothing is no fault. */
export const kept = {
  read(key, fallback) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  write(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Private windows may refuse; the page works without.
    }
  },
};

/** A file as the control API takes it. */
export async function encoded(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return { filename: file.name, content_type: file.type || undefined, base64: btoa(text) };
}

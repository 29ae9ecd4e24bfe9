// The components of a message: rows of buttons and selects, and the layout of version 2.

import { h } from "./dom.js";
import { link, linkTo, markdown } from "./markdown.js";
import { entriesOf, picker } from "./picker.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary", 6: "secondary" };
const LINK = 5;

function button(one, act) {
  const label = one.label || one.emoji?.name || "Button";
  const text = one.emoji?.name && one.label ? `${one.emoji.name} ${one.label}` : label;
  if (one.style === LINK) {
    return h("span", { class: "linked" }, linkTo(text, one.url ?? ""));
  }
  return h(
    "button",
    {
      type: "button",
      class: STYLES[one.style] ?? "secondary",
      disabled: one.disabled,
      data: { customId: one.custom_id ?? "" },
      on: {
        click: (event) => {
          const control = event.currentTarget;
          if (control.getAttribute("aria-busy") !== "true") act(one.custom_id, undefined, control);
        },
      },
    },
    text,
  );
}

function select(one, act) {
  const name = one.placeholder || "Make a selection";
  const chosen =
    one.type === 3
      ? (one.options ?? []).filter((option) => option.default).map((option) => option.value)
      : (one.default_values ?? []).map((value) => value.id);
  const made = picker({
    name,
    placeholder: name,
    entries: entriesOf(one.type, one.options ?? [], one.channel_types),
    chosen,
    min: one.min_values ?? 1,
    max: one.max_values ?? 1,
    disabled: one.disabled,
    customId: one.custom_id,
    done: (values) => act(one.custom_id, values, made.button),
  });
  return made.el;
}

/** A file or picture that lies outside: only its address is shown, nothing is loaded. */
function outside(media, text) {
  const url = media?.url ?? "";
  const name = text || url.split("/").pop() || "file";
  const own = own_path(url);
  if (own) return h("a", { href: own, download: true }, name);
  return h("span", {}, link(name, url));
}

/** The path of a file that this server keeps, whatever name its address was written with. */
export function own_path(url) {
  try {
    const { pathname } = new URL(url);
    return pathname.startsWith("/attachments/") ? pathname : null;
  } catch {
    return null;
  }
}

function one(component, act) {
  const children = () => (component.components ?? []).map((child) => one(child, act));
  switch (component.type) {
    case 1:
      return h("div", { class: "row" }, children());
    case 2:
      return button(component, act);
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return select(component, act);
    case 9:
      return h("div", { class: "section" }, h("div", {}, children()), component.accessory && one(component.accessory, act));
    case 10:
      return h("div", { class: "text" }, markdown(component.content ?? ""));
    case 11:
      return outside(component.media, component.description);
    case 12:
      return h("ul", { class: "gallery" }, (component.items ?? []).map((item) => h("li", {}, outside(item.media, item.description))));
    case 13:
      return h("p", {}, outside(component.file, component.name));
    case 14:
      return h("hr", component.divider === false ? { class: "blank" } : {});
    case 17: {
      const el = h("div", { class: "container" }, children());
      paint(el, component.accent_color);
      return el;
    }
    default:
      return h("p", { class: "faint" }, "A component that this page does not know.");
  }
}

/** The colour of an embed's or container's edge. */
export function paint(el, color) {
  if (Number.isInteger(color)) el.style.borderLeftColor = `#${color.toString(16).padStart(6, "0")}`;
}

/** Elements for a message's components. `act(custom_id, values, control)` is what a member does;
 * `about` is added to the buttons' names, since many messages have the same buttons. */
export function components(list, act, about) {
  const els = list.map((component) => one(component, act));
  const buttons = els.flatMap((el) => [...el.querySelectorAll("button[data-custom-id]:not(.picker-button)")]);
  if (about) for (const button of buttons) button.setAttribute("aria-label", `${button.textContent}, ${about}`);
  return els;
}

// A form that the bot opened: every component that a label can hold, checked as Discord's client
// checks it before anything is sent.

import { encoded, h, unique } from "./dom.js";
import { markdown } from "./markdown.js";
import { entriesOf, picker } from "./picker.js";
import { Refused } from "./api.js";

const ROW = 1;
const TEXT_INPUT = 4;
const TEXT_DISPLAY = 10;
const LABEL = 18;
const FILE_UPLOAD = 19;
const RADIO_GROUP = 21;
const CHECKBOX_GROUP = 22;
const CHECKBOX = 23;

const length = (text) => [...text].length;

function between(count, least, most, what) {
  if (count >= least && count <= most) return null;
  return least === most ? `Choose ${least} ${what}.` : `Choose ${least} to ${most} ${what}.`;
}

function textInput(one, about) {
  const max = one.max_length ?? 4000;
  const min = one.min_length ?? 0;
  const count = h("p", { class: "faint count", "aria-hidden": "true" });
  const input = h(one.style === 2 ? "textarea" : "input", {
    ...about,
    type: one.style === 2 ? null : "text",
    rows: one.style === 2 ? "4" : null,
    placeholder: one.placeholder,
    autocomplete: "off",
    value: one.value ?? "",
  });
  const tell = () => {
    count.textContent = `${length(input.value)} of ${max}`;
  };
  input.addEventListener("input", tell);
  tell();
  return {
    el: h("div", {}, input, count),
    focus: input,
    value: async () => input.value,
    filled: () => input.value.length > 0,
    wrong: () => {
      const given = length(input.value);
      if (given > max) return `Use at most ${max} characters; there are ${given}.`;
      return given < min ? `Use at least ${min} characters; there are ${given}.` : null;
    },
  };
}

function choices(one, about, type, name) {
  const inputs = one.options.map((option) => {
    const id = unique("choice");
    const help = option.description && h("span", { id: `${id}-help`, class: "faint" }, option.description);
    const input = h("input", { type, name, id, value: option.value, checked: option.default, "aria-describedby": help ? `${id}-help` : null });
    return { input, row: h("div", { class: "choice" }, input, h("label", { for: id }, option.label), help) };
  });
  const chosen = () => inputs.filter((one) => one.input.checked).map((one) => one.input.value);
  return { inputs, chosen, el: h("div", { class: "choices" }, inputs.map((one) => one.row)), about };
}

function radio(one, about) {
  const group = choices(one, about, "radio", unique("radio"));
  return { el: group.el, focus: group.inputs[0]?.input, group: true, value: async () => group.chosen()[0] ?? [], filled: () => group.chosen().length > 0, wrong: () => null };
}

function boxes(one, about, required) {
  const group = choices(one, about, "checkbox", unique("boxes"));
  const min = one.min_values ?? (required ? 1 : 0);
  const max = one.max_values ?? one.options.length;
  return { el: group.el, focus: group.inputs[0]?.input, group: true, value: async () => group.chosen(), filled: () => group.chosen().length > 0, wrong: () => between(group.chosen().length, min, max, "options") };
}

function checkbox(one, about) {
  const input = h("input", { ...about, type: "checkbox", checked: one.default });
  return { el: input, focus: input, inline: true, value: async () => input.checked, filled: () => true, wrong: () => null };
}

function upload(one, about, required) {
  const max = one.max_values ?? 1;
  const min = one.min_values ?? (required ? 1 : 0);
  const input = h("input", { ...about, type: "file", multiple: max > 1 });
  return { el: input, focus: input, value: async () => Promise.all([...input.files].map(encoded)), filled: () => input.files.length > 0, wrong: () => between(input.files.length, min, max, "files") };
}

function select(one, about, required, name) {
  const chosen = one.type === 3 ? (one.options ?? []).filter((option) => option.default).map((option) => option.value) : (one.default_values ?? []).map((value) => value.id);
  const min = one.min_values ?? (required ? 1 : 0);
  const max = one.max_values ?? 1;
  const made = picker({ name, placeholder: one.placeholder || "Make a selection", entries: entriesOf(one.type, one.options ?? [], one.channel_types), chosen, min: required ? min : 0, max, eager: true, describedBy: about["aria-describedby"] });
  return { el: made.el, focus: made.button, value: async () => made.values(), filled: () => made.values().length > 0, wrong: () => between(made.values().length, min, max, "options") };
}

function control(one, about, required, name) {
  switch (one.type) {
    case TEXT_INPUT:
      return textInput(one, about);
    case RADIO_GROUP:
      return radio(one, about);
    case CHECKBOX_GROUP:
      return boxes(one, about, required);
    case CHECKBOX:
      return checkbox(one, about);
    case FILE_UPLOAD:
      return upload(one, about, required);
    default:
      return select(one, about, required, name);
  }
}

function field(label, description, one) {
  const required = one.type !== CHECKBOX && (one.required ?? true);
  const id = unique("field");
  const help = description && h("p", { id: `${id}-help`, class: "faint help" }, description);
  const fault = h("p", { id: `${id}-fault`, class: "failure", role: "alert" });
  const picks = ![TEXT_INPUT, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX, FILE_UPLOAD].includes(one.type);
  const described = [picks && `${id}-label`, help && `${id}-help`, `${id}-fault`].filter(Boolean).join(" ");
  const made = control(one, { id, "aria-describedby": described, "aria-required": required && ![CHECKBOX, FILE_UPLOAD].includes(one.type) ? "true" : null }, required, label);
  const mark = required && h("span", { class: "required", title: "required" }, " *");
  let el;
  if (made.group) {
    el = h("fieldset", { class: "field", "aria-describedby": described }, h("legend", {}, label, mark), help, made.el, fault);
  } else if (made.inline) {
    el = h("div", { class: "field" }, h("div", { class: "choice" }, made.el, h("label", { for: id }, label)), help, fault);
  } else {
    const title = picks ? h("p", { class: "label", id: `${id}-label` }, label, mark) : h("label", { for: id, class: "label" }, label, mark);
    el = h("div", { class: "field" }, title, help, made.el, fault);
  }
  return {
    el,
    id: one.custom_id,
    focus: made.focus,
    value: made.value,
    check: () => {
      const why = made.filled() ? made.wrong() : required ? "This field is required." : null;
      fault.textContent = why ?? "";
      if (why) made.focus?.setAttribute("aria-invalid", "true");
      else made.focus?.removeAttribute("aria-invalid");
      return !why;
    },
  };
}

function parts(components) {
  return components.map((one) => {
    if (one.type === TEXT_DISPLAY) return { el: h("div", { class: "text" }, markdown(one.content ?? "")) };
    if (one.type === LABEL) return field(one.label, one.description, one.component);
    if (one.type === ROW && one.components?.[0]) return field(one.components[0].label, null, one.components[0]);
    return { el: h("p", { class: "faint" }, "A component that this page does not know.") };
  });
}

/** Opens the form; `submit(values)` sends it and throws `Refused` where it was not taken. */
export function openModal(modal, appName, submit) {
  const back = document.activeElement;
  const backTo = back?.dataset?.customId && { custom: back.dataset.customId, message: back.closest("[data-id]")?.dataset.id };
  const titleId = unique("modal");
  const all = parts(modal.components);
  const fields = all.filter((one) => one.check);
  const fault = h("p", { class: "failure", role: "alert" });
  const send = h("button", { type: "submit", class: "primary" }, "Submit");
  const cancel = h("button", { type: "button", class: "secondary" }, "Cancel");
  const form = h("form", { novalidate: true }, h("h2", { id: titleId }, modal.title), h("p", { class: "faint" }, `This form will be submitted to ${appName}.`), all.map((one) => one.el), fault, h("div", { class: "buttons" }, cancel, send));
  const dialog = h("dialog", { "aria-labelledby": titleId, class: "modal" }, form);
  const close = () => dialog.close();
  dialog.addEventListener("close", () => {
    dialog.remove();
    returnFocus(back, backTo);
  });
  cancel.addEventListener("click", close);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.getAttribute("aria-busy") === "true") return;
    const wrong = fields.filter((one) => !one.check());
    if (wrong.length) {
      wrong[0].focus?.focus();
      return;
    }
    send.setAttribute("aria-busy", "true");
    fault.textContent = "";
    try {
      const values = {};
      for (const one of fields) values[one.id] = await one.value();
      await submit(values);
      close();
    } catch (error) {
      const late = error instanceof Refused && error.status === 504;
      fault.textContent = late ? "Something went wrong. Try again." : error.message;
    } finally {
      send.removeAttribute("aria-busy");
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  (fields[0]?.focus ?? cancel).focus();
}

/** To the control that opened the form, to what replaced it, or to the composer. */
function returnFocus(back, backTo) {
  if (document.querySelector("dialog[open]")) return;
  if (back?.isConnected && !back.disabled) {
    back.focus({ preventScroll: true });
    return;
  }
  const message = backTo?.message && document.querySelector(`[data-id="${CSS.escape(backTo.message)}"]`);
  const same = message && [...message.querySelectorAll("[data-custom-id]")].find((el) => el.dataset.customId === backTo.custom);
  (same ?? message ?? document.getElementById("composer-text"))?.focus({ preventScroll: true });
}

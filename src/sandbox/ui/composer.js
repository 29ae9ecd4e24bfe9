// Where a member writes: plain messages, and slash commands with their options one by one.

import { api, Refused } from "./api.js";
import { announce, encoded, h, unique } from "./dom.js";
import { entriesOf, picker } from "./picker.js";
import { channelOf, commandsIn, isThread, paths, state, titleOf } from "./state.js";

const STRING = 3;
const INTEGER = 4;
const BOOLEAN = 5;
const NUMBER = 10;
const ATTACHMENT = 11;
/** Option type to the select that offers the same. */
const SELECTS = { 6: 5, 7: 8, 8: 6, 9: 7 };
const PAUSE_MS = 120;

/** A list under or over a text field, with the arrow keys in the field. */
function suggestions(input, name, take) {
  const id = unique("suggestions");
  const list = h("ul", { role: "listbox", id, class: "suggestions", "aria-label": name, hidden: true });
  let entries = [];
  let active = -1;
  const paint = () => {
    list.replaceChildren(
      ...entries.map((one, at) =>
        h(
          "li",
          { role: "option", id: `${id}-${at}`, "aria-selected": String(at === active), class: at === active ? "active" : null, on: { mousedown: (event) => event.preventDefault(), click: () => pick(at) } },
          h("strong", {}, one.label),
          one.description && h("span", { class: "faint" }, ` ${one.description}`),
        ),
      ),
    );
    input.setAttribute("aria-activedescendant", active >= 0 ? `${id}-${active}` : "");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    list.hidden = true;
    entries = [];
    active = -1;
    input.setAttribute("aria-activedescendant", "");
    if (input.getAttribute("role") === "combobox") input.setAttribute("aria-expanded", "false");
  };
  const pick = (at, key) => {
    const one = entries[at];
    close();
    if (one) take(one, key);
  };
  input.setAttribute("aria-controls", id);
  input.setAttribute("aria-autocomplete", "list");
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      active = (active + step + entries.length) % entries.length;
      paint();
    } else if ((event.key === "Enter" || event.key === "Tab") && active >= 0 && !event.shiftKey) {
      event.preventDefault();
      event.stopImmediatePropagation();
      pick(active, event.key);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopImmediatePropagation();
      close();
    }
  });
  input.addEventListener("blur", () => setTimeout(() => document.activeElement === input || close(), 100));
  return {
    list,
    close,
    show(found, first) {
      entries = found;
      active = first && found.length ? 0 : -1;
      list.hidden = found.length === 0;
      if (input.getAttribute("role") === "combobox") input.setAttribute("aria-expanded", String(found.length > 0));
      if (found.length) announce(`${found.length} to choose from`);
      paint();
    },
  };
}

function number(text, option) {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) return [null, "Give a number."];
  if (option.type === INTEGER && !Number.isInteger(value)) return [null, "Give a whole number."];
  if (option.min_value !== undefined && value < option.min_value) return [null, `At least ${option.min_value}.`];
  if (option.max_value !== undefined && value > option.max_value) return [null, `At most ${option.max_value}.`];
  return [value, null];
}

/** A typed option. `complete(typed)` asks the bot for choices. */
function typed(option, id, described, complete) {
  const live = option.autocomplete === true;
  const input = h("input", { type: "text", id, autocomplete: "off", "aria-describedby": described, inputmode: option.type === STRING ? null : "decimal", role: live ? "combobox" : null, "aria-expanded": live ? "false" : null });
  let taken = null;
  let asked = 0;
  let timer = 0;
  const found = live ? suggestions(input, option.name, (one) => {
    taken = one;
    input.value = one.label;
  }) : null;
  const ask = async () => {
    asked += 1;
    const mine = asked;
    const choices = await complete(input.value).catch(() => []);
    if (mine !== asked || document.activeElement !== input) return;
    found.show(choices.map((one) => ({ label: one.name, value: one.value })), choices.length === 1);
  };
  if (live) {
    input.addEventListener("input", () => {
      taken = null;
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    });
    input.addEventListener("focus", ask);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && found.list.hidden) ask();
    });
  }
  const read = () => {
    if (input.value === "") return [undefined, null];
    const value = taken ? taken.value : input.value;
    return option.type === STRING ? [String(value), null] : number(String(value), option);
  };
  return { el: h("div", { class: "typed" }, input, found?.list), focus: input, read };
}

function listed(option, described, entries, turn) {
  let value;
  const made = picker({ name: option.name, placeholder: "Choose", entries, min: 0, max: 1, eager: true, describedBy: described, done: ([one]) => { value = one; } });
  return { el: made.el, focus: made.button, read: () => [value === undefined ? undefined : turn(value), null] };
}

function attached(id, described) {
  const input = h("input", { type: "file", id, "aria-describedby": described });
  return { el: input, focus: input, file: true, read: () => [input.files[0], null] };
}

function control(option, id, described, complete) {
  if (option.choices?.length) {
    const entries = option.choices.map((one) => ({ value: String(one.value), label: one.name }));
    return listed(option, described, entries, (text) => option.choices.find((one) => String(one.value) === text).value);
  }
  if (option.type === BOOLEAN) {
    return listed(option, described, [{ value: "true", label: "True" }, { value: "false", label: "False" }], (text) => text === "true");
  }
  if (SELECTS[option.type]) {
    return listed(option, described, entriesOf(SELECTS[option.type], [], option.channel_types), (id) => id);
  }
  return option.type === ATTACHMENT ? attached(id, described) : typed(option, id, described, complete);
}

export class Composer {
  /** `doing`: run(command) does it and shows what came of it; failed(text). */
  constructor(box, doing) {
    this.box = box;
    this.doing = doing;
    this.text = h("textarea", { id: "composer-text", rows: "1", autocomplete: "off" });
    this.send = h("button", { type: "submit", class: "primary" }, "Send");
    this.found = suggestions(this.text, "Commands", (one, key) => (key === "Enter" ? this.enter(one.command) : this.begin(one.command)));
    this.fault = h("p", { class: "failure", role: "alert" });
    this.form = h("form", { class: "write" }, this.text, this.send);
    this.command = h("div", { class: "command", hidden: true });
    box.append(this.found.list, this.command, this.form, this.fault);
    this.text.addEventListener("input", () => this.typing());
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
  }

  /** Ready for a channel. */
  open() {
    const channel = channelOf(state.channel);
    this.box.hidden = !channel;
    this.cancel(false);
    this.learn();
  }

  /** The commands and rights of the channel, without touching what is being written. */
  learn() {
    const channel = channelOf(state.channel);
    if (!channel) return;
    const where = `${isThread(channel) ? "thread " : ""}${titleOf(channel)}`;
    this.commands = paths(commandsIn(channel, 1));
    const may = channel.writable ? `Message ${where}, or / for commands` : `No writing in ${where}; / for commands`;
    this.text.placeholder = may;
    this.text.setAttribute("aria-label", may);
  }

  typing() {
    this.fault.textContent = "";
    this.text.rows = Math.min(8, this.text.value.split("\n").length);
    const value = this.text.value;
    if (!value.startsWith("/") || value.includes("\n")) {
      this.found.close();
      return;
    }
    const wanted = value.slice(1).trimEnd().toLowerCase();
    const starts = this.commands.filter((one) => one.path.startsWith(wanted));
    const holds = this.commands.filter((one) => !one.path.startsWith(wanted) && (one.path.includes(wanted) || (one.description ?? "").toLowerCase().includes(wanted)));
    this.found.show([...starts, ...holds].map((command) => ({ label: `/${command.path}`, description: command.description, command })), true);
    if (starts.length + holds.length === 0) this.fault.textContent = "There is no such command here.";
  }

  async write() {
    const content = this.text.value;
    if (content.trim() === "") return;
    if (content.startsWith("/")) {
      const exact = this.commands.find((one) => one.path === content.slice(1).trim());
      if (exact) this.enter(exact);
      return;
    }
    try {
      await api.write(state.as, state.channel, content);
      this.text.value = "";
      this.typing();
    } catch (refused) {
      this.fault.textContent = refused.message;
    }
  }

  /** Enter on a command: one without options is run at once. */
  enter(command) {
    this.begin(command);
    if (command.options.length === 0) this.command.querySelector("form").requestSubmit();
  }

  begin(command) {
    this.text.value = "";
    this.text.rows = 1;
    this.found.close();
    this.fields = new Map();
    const title = unique("command");
    this.places = h("div", { class: "options" });
    this.rest = h("div", { class: "row optional" });
    const run = h("button", { type: "submit", class: "primary" }, `Run /${command.path}`);
    const cancel = h("button", { type: "button", class: "secondary", on: { click: () => this.cancel(true) } }, "Cancel");
    const form = h("form", { "aria-labelledby": title, novalidate: true }, h("p", { id: title }, h("strong", {}, `/${command.path}`), h("span", { class: "faint" }, ` ${command.description ?? ""}`)), this.places, this.rest, h("div", { class: "buttons" }, cancel, run));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(command, run);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.cancel(true);
    });
    this.command.replaceChildren(form);
    this.command.hidden = false;
    this.form.hidden = true;
    const required = command.options.filter((one) => one.required);
    for (const option of required) this.field(command, option);
    for (const option of command.options.filter((one) => !one.required)) this.offer(command, option);
    const first = this.fields.values().next().value;
    (first?.focus ?? run).focus();
    form.scrollIntoView({ block: "nearest" });
  }

  /** An option that may be left out is added by its button. */
  offer(command, option) {
    const add = h("button", { type: "button", class: "secondary small", title: option.description, on: { click: () => {
      add.remove();
      this.field(command, option).focus.focus();
    } } }, `+ ${option.name}`);
    this.rest.append(add);
  }

  field(command, option) {
    const id = unique("option");
    const complete = async (typed) => {
      const options = { ...(await this.given(true)), [option.name]: typed };
      const body = { channel: state.channel, name: command.path, options, focused: option.name };
      return (await api.autocomplete(state.as, body)).choices ?? [];
    };
    const made = control(option, id, `${id}-help ${id}-fault`, complete);
    const fault = h("p", { id: `${id}-fault`, class: "failure", role: "alert" });
    const named = made.focus.id === id ? h("label", { for: id, class: "label" }, option.name) : h("span", { class: "label" }, option.name);
    this.places.append(h("div", { class: "field" }, named, option.required && h("span", { class: "required faint" }, " required"), h("p", { id: `${id}-help`, class: "faint help" }, option.description ?? ""), made.el, fault));
    const field = { ...made, option, fault };
    this.fields.set(option.name, field);
    return field;
  }

  /** The options that can be sent; files only when the command is run. */
  async given(forChoices = false) {
    const options = {};
    for (const [name, field] of this.fields) {
      const [value, why] = field.read();
      if (value === undefined || why) continue;
      if (!field.file) options[name] = value;
      else if (!forChoices) options[name] = await encoded(value);
    }
    return options;
  }

  async run(command, button) {
    if (button.getAttribute("aria-busy") === "true") return;
    let first = null;
    for (const field of this.fields.values()) {
      const [value, why] = field.read();
      const length = typeof value === "string" ? [...value].length : 0;
      const { min_length: least = 0, max_length: most = 6000 } = field.option;
      const size = typeof value === "string" && (length < least || length > most) ? `Use ${least} to ${most} characters.` : null;
      const fault = why ?? size ?? (value === undefined && field.option.required ? "This option is required." : null);
      field.fault.textContent = fault ?? "";
      if (fault) first ??= field.focus;
    }
    if (first) {
      first.focus();
      return;
    }
    button.setAttribute("aria-busy", "true");
    this.fault.textContent = "";
    try {
      const options = await this.given();
      const outcome = await api.command(state.as, { channel: state.channel, name: command.path, options });
      this.cancel(true);
      this.doing.came(outcome);
    } catch (error) {
      if (error instanceof Refused && error.status === 504) {
        this.cancel(true);
        this.doing.failed(`/${command.path}: The application did not respond`);
      } else {
        this.fault.textContent = error.message;
      }
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  cancel(focus) {
    this.command.replaceChildren();
    this.command.hidden = true;
    this.form.hidden = false;
    this.fault.textContent = "";
    this.fields = new Map();
    if (focus) this.text.focus();
  }
}

// A list to pick one or several entries from: a button that opens a listbox in place, with a search
// field where the list is long. Mouse, keyboard and screen reader alike.

import { announce, h, unique } from "./dom.js";
import { nameOf, state, titleOf } from "./state.js";

const SEARCH_FROM = 12;

/** The entries of a select of messages, modals or command options, by component type. */
export function entriesOf(type, options, channelTypes) {
  const members = () =>
    state.members.map((one) => ({ value: one.id, label: one.username, description: one.bot ? "App" : "Member" }));
  const roles = () => state.roles.map((one) => ({ value: one.id, label: one.name, description: "Role" }));
  const channels = () =>
    state.channels
      .filter((one) => !channelTypes?.length || channelTypes.includes(one.type))
      .map((one) => ({ value: one.id, label: titleOf(one), description: one.thread_metadata ? "Thread" : "Channel" }));
  switch (type) {
    case 5:
      return members();
    case 6:
      return roles();
    case 7:
      return [...members(), ...roles()];
    case 8:
      return channels();
    default:
      return options.map((one) => ({
        value: one.value,
        label: one.emoji?.name ? `${one.emoji.name} ${one.label}` : one.label,
        description: one.description ?? "",
      }));
  }
}

/**
 * `settings`: name, placeholder, entries, chosen, min, max, disabled, describedBy, eager (each pick
 * counts at once, as in a form), done(values) when the picking is over.
 */
export function picker(settings) {
  const { name, placeholder, entries, min = 1, max = 1, eager = false, done = () => {} } = settings;
  const many = max > 1;
  let chosen = [...(settings.chosen ?? [])];
  let before = [...chosen];
  let shown = entries;
  let active = 0;
  const listId = unique("list");
  const searching = entries.length > SEARCH_FROM;

  const text = h("span", { class: "picker-text" });
  const button = h(
    "button",
    {
      type: "button",
      class: "picker-button",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-describedby": settings.describedBy,
      disabled: settings.disabled,
      data: settings.customId ? { customId: settings.customId } : {},
    },
    text,
    h("span", { "aria-hidden": "true" }, "▾"),
  );
  const list = h("ul", {
    role: "listbox",
    id: listId,
    "aria-label": name,
    "aria-multiselectable": many ? "true" : null,
    tabindex: searching ? "-1" : "0",
  });
  const search = h("input", {
    type: "text",
    role: "combobox",
    class: "picker-search",
    placeholder: "Search",
    autocomplete: "off",
    "aria-label": `Search: ${name}`,
    "aria-expanded": "true",
    "aria-controls": listId,
    "aria-autocomplete": "list",
  });
  const finish = h("button", { type: "button", class: "primary small" }, "Done");
  const panel = h("div", { class: "picker-panel", hidden: true }, searching && search, list, many && finish);
  const el = h("div", { class: "picker" }, button, panel);
  const keys = searching ? search : list;

  const label = (value) => entries.find((one) => one.value === value)?.label ?? nameOf(value);
  const describe = () => {
    const words = chosen.map(label).join(", ");
    text.textContent = words || placeholder;
    text.classList.toggle("faint", !words);
    const shows = words || placeholder;
    button.setAttribute("aria-label", shows === name ? name : `${name}: ${shows}`);
  };

  const paint = () => {
    list.replaceChildren(
      ...shown.map((one, at) =>
        h(
          "li",
          {
            role: "option",
            id: `${listId}-${at}`,
            "aria-selected": String(chosen.includes(one.value)),
            class: at === active ? "active" : null,
            on: {
              // The focus stays where the keys are.
              mousedown: (event) => event.preventDefault(),
              click: () => {
                active = at;
                take();
              },
            },
          },
          h("span", {}, one.label),
          one.description && h("span", { class: "faint" }, ` ${one.description}`),
        ),
      ),
    );
    if (shown.length === 0) {
      list.append(h("li", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "faint" }, "Nothing fits"));
    }
    keys.setAttribute("aria-activedescendant", shown[active] ? `${listId}-${active}` : "");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  };

  const close = (back) => {
    if (panel.hidden) return;
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    describe();
    if (back) button.focus();
    const changed = chosen.join() !== before.join();
    if (changed && chosen.length >= min && !eager) done([...chosen]);
  };
  const cancel = () => {
    if (!eager) chosen = [...before];
    close(true);
  };
  const take = () => {
    const one = shown[active];
    if (!one) return;
    if (!many) {
      chosen = chosen.includes(one.value) && min === 0 ? [] : [one.value];
    } else if (chosen.includes(one.value)) {
      chosen = chosen.filter((value) => value !== one.value);
    } else if (chosen.length < max) {
      chosen = [...chosen, one.value];
    } else {
      announce(`At most ${max} can be chosen.`);
    }
    if (eager) done([...chosen]);
    if (many) paint();
    else close(true);
  };
  const open = () => {
    before = [...chosen];
    shown = entries;
    active = Math.max(0, entries.findIndex((one) => chosen.includes(one.value)));
    search.value = "";
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    paint();
    keys.focus();
    panel.scrollIntoView({ block: "nearest" });
  };

  button.addEventListener("click", () => (panel.hidden ? open() : close(true)));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && panel.hidden) {
      event.preventDefault();
      open();
    }
  });
  finish.addEventListener("click", () => close(true));
  search.addEventListener("input", () => {
    const wanted = search.value.toLowerCase();
    shown = entries.filter((one) => one.label.toLowerCase().includes(wanted));
    active = 0;
    paint();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      cancel();
      return;
    }
    if (event.target === finish) return;
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      active = Math.min(Math.max(to, 0), Math.max(shown.length - 1, 0));
      paint();
    } else if (event.key === "Enter" || (event.key === " " && !searching)) {
      event.preventDefault();
      take();
    } else if (!searching && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const found = shown.findIndex((one, at) => at !== active && one.label.toLowerCase().startsWith(event.key.toLowerCase()));
      if (found >= 0) {
        active = found;
        paint();
      }
    }
  });
  el.addEventListener("focusout", (event) => {
    if (!el.contains(event.relatedTarget) && !panel.hidden) close(false);
  });
  describe();
  return { el, button, values: () => [...chosen] };
}

// One message as an element: author, text, embeds, files, components, and what can be done with it.

import { components, own_path, paint } from "./components.js";
import { arrows, h, hidden, unique } from "./dom.js";
import { line, link, markdown } from "./markdown.js";
import { channelOf, commandsIn, memberOf, nameOf, now, state, titleOf } from "./state.js";

const LOADING = 1 << 7;
const THREAD_STARTED = 18;
const REPLY = 19;

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const dated = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });

export function shortTime(date) {
  return date.toDateString() === now().toDateString() ? clock.format(date) : dated.format(date);
}

function embed(one) {
  const title = one.title && h("p", { class: "embed-title" }, one.url ? link(one.title, one.url) : line(one.title));
  const fields = (one.fields ?? []).map((field) =>
    h(
      "div",
      { class: field.inline ? "field inline" : "field" },
      h("p", { class: "field-name" }, line(field.name)),
      h("div", {}, markdown(field.value)),
    ),
  );
  const image = one.image?.url ?? one.thumbnail?.url;
  const own = image && own_path(image);
  const el = h(
    "div",
    { class: "embed" },
    one.author?.name && h("p", { class: "faint" }, one.author.url ? link(one.author.name, one.author.url) : one.author.name),
    title,
    one.description && h("div", {}, markdown(one.description)),
    fields.length > 0 && h("div", { class: "fields" }, fields),
    own && h("img", { src: own, alt: "", loading: "lazy" }),
    image && !own && h("p", {}, link("Image", image)),
    (one.footer?.text || one.timestamp) &&
      h(
        "p",
        { class: "faint" },
        [one.footer?.text, one.timestamp && shortTime(new Date(one.timestamp))].filter(Boolean).join(" · "),
      ),
  );
  paint(el, one.color);
  return el;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

function attachment(one) {
  const path = own_path(one.url);
  return h(
    "li",
    { class: "attachment" },
    path && PICTURES.includes(one.content_type) && h("img", { src: path, alt: one.description ?? "", loading: "lazy" }),
    h("a", { href: path ?? "#", download: one.filename }, one.filename),
    h("span", { class: "faint" }, ` ${size(one.size)}`),
  );
}

/** The menu of a message: the commands that the bot offers for it and for its author. */
function menu(message, doing) {
  const channel = channelOf(message.channel_id);
  const onMessage = channel ? commandsIn(channel, 3) : [];
  const onAuthor = channel ? commandsIn(channel, 2) : [];
  const id = unique("menu");
  const item = (label, deed) =>
    h("li", { role: "none" }, h("button", { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => { close(true); deed(); } } }, label));
  const opener = h(
    "button",
    { type: "button", class: "more quiet", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id, "aria-label": `More for the message from ${message.author.username}` },
    h("span", { "aria-hidden": "true" }, "⋯"),
  );
  const list = h("ul", { role: "menu", id, class: "menu", hidden: true, "aria-label": "Message" });
  const items = () => [...list.querySelectorAll("[role=menuitem]")];
  const close = (back) => {
    list.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    if (back) opener.focus();
  };
  const open = () => {
    list.replaceChildren(
      ...onMessage.map((one) => item(one.name, () => doing.menu(3, one.name, message.id))),
      ...onAuthor.map((one) => item(`${one.name}: ${message.author.username}`, () => doing.menu(2, one.name, message.author.id))),
      item("Copy text", () => navigator.clipboard?.writeText(message.content)),
      item("Copy message ID", () => navigator.clipboard?.writeText(message.id)),
    );
    list.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    items()[0].focus();
    list.scrollIntoView({ block: "nearest" });
  };
  opener.addEventListener("click", () => (list.hidden ? open() : close(true)));
  arrows(list, items);
  const el = h("div", { class: "more-box" }, opener, list);
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    event.preventDefault();
    close(true);
  });
  el.addEventListener("focusout", (event) => {
    if (!el.contains(event.relatedTarget)) close(false);
  });
  return { el, open };
}

function above(message) {
  const answers = message.answers;
  if (answers?.command) {
    return h("p", { class: "used faint" }, h("strong", {}, nameOf(answers.user)), ` used /${answers.command}`);
  }
  return message.type === REPLY ? h("p", { class: "used faint" }, "In reply to a message above") : null;
}

function body(message, doing) {
  if ((message.flags & LOADING) !== 0) {
    return [h("p", { class: "thinking", role: "status" }, `${message.author.username} is thinking…`)];
  }
  if (message.type === THREAD_STARTED) {
    return [h("p", { class: "faint" }, `started a thread: ${message.content}`)];
  }
  return [
    message.content && h("div", { class: "text" }, markdown(message.content)),
    message.embeds.map(embed),
    message.attachments.length > 0 && h("ul", { class: "attachments" }, message.attachments.map(attachment)),
    components(message.components, (customId, values, control) => doing.press(message, customId, values, control), about(message)),
  ];
}

/** Whether the message pinged this member, by name, by role or with everyone. */
function calls({ pinged }) {
  const roles = memberOf(state.me)?.roles ?? [];
  return Boolean(pinged) && (pinged.everyone || pinged.users.includes(state.me) || pinged.roles.some((id) => roles.includes(id)));
}

/** The text displays of a message's layout, in order. */
const displays = (list) => (list ?? []).flatMap((one) => [...(one.type === 10 ? [one.content ?? ""] : []), ...displays(one.components)]);

/** What a message is about: its first embed's title, or the first line of its layout. */
function about(message) {
  const text = message.embeds.find((one) => one.title)?.title ?? displays(message.components)[0]?.split("\n")[0] ?? "";
  return text.replace(/[*_~`|>#]/g, "").trim().slice(0, 100);
}

/** What a private answer answers; the same for a later answer to the same deed. */
export function answerKind(row) {
  if (!row.ephemeral || (row.flags & LOADING) !== 0) return null;
  const title = about(row) || row.content.split("\n")[0];
  return title && JSON.stringify([row.answers?.kind, row.answers?.command, row.reply_to, title]);
}

/** An older private answer: one line, which opens. */
export function foldAway(one) {
  const body = one.el.querySelector(".body");
  const focused = one.el.contains(document.activeElement);
  const summary = h("summary", { class: "faint" }, `Earlier answer: ${about(one.row) || one.row.content.split("\n")[0]}`);
  body.replaceChildren(h("details", {}, summary, h("div", { class: "body" }, ...body.childNodes)));
  one.folded = true;
  if (focused) summary.focus({ preventScroll: true });
}

/** The words of a message, for whoever hears it. */
export function spoken(message) {
  const texts = [message.content, ...message.embeds.flatMap((one) => [one.title, one.description])];
  const text = texts.filter(Boolean).join(". ").replace(/[*_~`|>#]/g, "");
  return `${message.ephemeral ? "Only for you, " : ""}${message.author.username}: ${text || "a message without text"}`;
}

/** `doing`: press, menu, dismiss, openThread. */
export function message(row, doing) {
  const date = new Date(row.timestamp);
  const more = menu(row, doing);
  const thread = row.thread && channelOf(row.thread.id);
  const called = calls(row);
  const el = h(
    "article",
    {
      class: `message${row.ephemeral ? " ephemeral" : ""}${called ? " called" : ""}`,
      tabindex: "-1",
      "aria-label": `${row.author.username}, ${shortTime(date)}${row.ephemeral ? ", only you can see this" : ""}`,
      data: { id: row.id },
    },
    h("div", { class: "avatar", "aria-hidden": "true" }, (row.author.username ?? "?").slice(0, 1).toUpperCase()),
    h(
      "div",
      { class: "body" },
      above(row),
      h(
        "p",
        { class: "head" },
        h("strong", {}, row.author.username ?? "someone who left"),
        row.author.bot && h("span", { class: "tag" }, "APP"),
        h("time", { datetime: date.toISOString(), title: whole.format(date), class: "faint" }, shortTime(date)),
        row.edited_timestamp && h("span", { class: "faint" }, "(edited)"),
        called && hidden("mentions you"),
      ),
      body(row, doing),
      thread && h("p", {}, h("button", { type: "button", class: "secondary small", on: { click: () => doing.openThread(thread) } }, `Open thread ${titleOf(thread)}`)),
      row.ephemeral &&
        h(
          "p",
          { class: "only faint" },
          "Only you can see this. ",
          h("button", { type: "button", class: "link", on: { click: () => doing.dismiss(row) } }, "Dismiss message"),
        ),
      h("p", { class: "failure", role: "alert" }),
    ),
    more.el,
  );
  el.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, input, textarea")) return;
    event.preventDefault();
    more.open();
  });
  return el;
}

/** A line that only this window shows. */
export function notice(text) {
  const el = h(
    "article",
    { class: "message notice", tabindex: "-1", "aria-label": "Notice" },
    h("div", { class: "body" }, h("p", { class: "failure" }, hidden("Notice: "), text), h("button", { type: "button", class: "link", on: { click: () => el.remove() } }, "Dismiss message")),
  );
  return el;
}

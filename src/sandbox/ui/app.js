// The page: who you are, the channels, and the parts wired together.

import { api, Refused, watch } from "./api.js";
import { Composer } from "./composer.js";
import { announce, arrows, h, hidden, kept } from "./dom.js";
import { Leader } from "./leader.js";
import { MessageList } from "./list.js";
import { refreshTimes } from "./markdown.js";
import { notice } from "./message.js";
import { openModal } from "./modal.js";
import { channelOf, clockIs, dismissed, isPrivate, isThread, later, learn, nameOf, state, titleOf, unread } from "./state.js";

const $ = (id) => document.getElementById(id);
const CATEGORY = 4;
const TIMES_EVERY_MS = 15_000;

const list = new MessageList($("messages"), $("jump"), {
  press,
  menu,
  dismiss(row) {
    dismissed.add(row.id);
    list.gone(row.channel_id, row.id);
  },
  openThread: (channel) => go(channel.id),
});
const composer = new Composer($("composer"), { came, failed: (text) => list.note(notice(text)) });
const leader = new Leader($("leader"), $("leader-toggle"));

/** What came of an interaction: a form opens here; a message comes by the stream, in its order. */
function came(outcome) {
  const modal = outcome.modal;
  if (!modal) return;
  const bot = nameOf(state.members.find((one) => one.bot)?.id);
  openModal(modal, bot, async (values) => {
    came(await api.submit(state.as, modal.id, values));
  });
}

async function press(row, customId, values, control) {
  const failure = list.element(row.id)?.querySelector(".failure");
  if (failure) failure.textContent = "";
  control.setAttribute("aria-busy", "true");
  try {
    came(await api.press(state.as, { message: row.id, custom_id: customId, values }));
  } catch (error) {
    const late = error instanceof Refused && error.status === 504;
    const place = list.element(row.id)?.querySelector(".failure");
    if (place) place.textContent = late ? "This interaction failed" : error.message;
  } finally {
    control.removeAttribute("aria-busy");
  }
}

async function menu(type, name, target) {
  try {
    came(await api.command(state.as, { channel: state.channel, name, type, target }));
  } catch (error) {
    const late = error instanceof Refused && error.status === 504;
    list.note(notice(late ? `${name}: The application did not respond` : error.message));
  }
}

function address(member, channel) {
  const at = new URLSearchParams();
  if (member) at.set("as", member);
  if (channel) at.set("channel", channelOf(channel)?.name ?? channel);
  return `/?${at}`;
}

function row(channel, threads) {
  const here = channel.id === state.channel;
  const fresh = !here && unread.is(channel);
  const archived = channel.thread_metadata?.archived;
  const link = h(
    "a",
    {
      href: address(state.as, channel.id),
      "aria-current": here ? "page" : null,
      class: fresh ? "unread" : null,
      on: {
        click: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          go(channel.id);
        },
      },
    },
    isPrivate(channel) && hidden("Private thread "),
    titleOf(channel),
    archived && h("span", { class: "faint" }, " (archived)"),
    fresh && h("span", { class: "dot" }, hidden(" unread")),
  );
  return h("li", {}, link, threads.length > 0 && h("ul", {}, threads.map((one) => row(one, []))));
}

function paintChannels() {
  const links = $("channels");
  const focused = links.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const tops = state.channels.filter((one) => !isThread(one) && one.type !== CATEGORY).sort((a, b) => a.position - b.position);
  const threads = (of) => state.channels.filter((one) => isThread(one) && one.parent_id === of.id).sort((a, b) => (later(a.id, b.id) ? 1 : -1));
  links.replaceChildren(h("ul", {}, tops.map((one) => row(one, threads(one)))));
  if (tops.length === 0 && state.as) links.replaceChildren(h("p", { class: "faint" }, "This member sees no channel."));
  if (focused) [...links.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused)?.focus();
  const count = state.channels.filter((one) => one.id !== state.channel && unread.is(one)).length;
  document.title = `${count ? `(${count}) ` : ""}${state.as ?? "Nobody"} · ${state.guild.name || "Sandbox"}`;
}

function paintHead() {
  const channel = channelOf(state.channel);
  $("place").textContent = channel ? titleOf(channel) : state.as ? "No channel chosen" : "Nobody chosen";
  const parent = channel && isThread(channel) && channelOf(channel.parent_id);
  const names = (channel?.members ?? []).map(nameOf).join(", ");
  $("topic").textContent = parent ? `Thread in ${titleOf(parent)}${names ? `, with ${names}` : ""}` : (channel?.topic ?? "");
  $("guild").textContent = state.guild.name || "Sandbox";
  hint();
}

function hint() {
  const channel = channelOf(state.channel);
  const text = !state.as
    ? "Choose who you are, at the top. Then choose a channel; type / for commands."
    : !channel
      ? "Choose a channel."
      : "Press a button on a message, or type / for commands. For a second person, open a second window.";
  $("hint-text").textContent = text;
  $("hint").hidden = kept.read("hint-done", false) && Boolean(channel);
}

function go(id) {
  state.channel = id;
  history.replaceState(null, "", address(state.as, id));
  kept.write(`channel:${state.as}`, id);
  const channel = channelOf(id);
  if (channel) unread.clear(channel);
  paintChannels();
  paintHead();
  composer.open();
  closeNav();
  if (channel) announce(`${titleOf(channel)} is open`);
  return list.open(id);
}

/** Reads the guild anew; the channel stays open while the member sees it. */
async function refresh() {
  const before = channelOf(state.channel);
  learn(await api.guild(state.as));
  const channel = channelOf(state.channel);
  if (before && !channel) {
    await go(null);
    return;
  }
  paintChannels();
  paintHead();
  leader.learn();
  if (before && (before.permissions !== channel.permissions || before.writable !== channel.writable)) {
    composer.open();
    await list.open(state.channel);
  } else if (channel) {
    composer.learn();
  }
}

let soon = 0;
function refreshSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => refresh().catch(() => {}), 60);
}

function heard(event) {
  switch (event.type) {
    case "message": {
      const channel = channelOf(event.message.channel_id);
      if (!event.message.ephemeral && channel && later(event.message.id, channel.last_message_id)) {
        channel.last_message_id = event.message.id;
        if (channel.id === state.channel && !document.hidden) unread.clear(channel);
        else paintChannels();
      }
      list.heard(event.message);
      break;
    }
    case "message_gone":
      list.gone(event.channel, event.id);
      break;
    case "clock":
      clockIs(event.now);
      refreshTimes();
      break;
    case "guild":
      refreshSoon();
      break;
    default:
      refresh()
        .then(() => list.open(state.channel))
        .catch(() => {});
  }
}

/** Everyone whom the window can be, with their roles. */
function choose() {
  const roles = (one) => one.roles.map((id) => state.roles.find((role) => role.id === id)?.name).filter((name) => name && name !== one.username);
  $("chooser").replaceChildren(
    h("h3", {}, "Who are you?"),
    h(
      "ul",
      {},
      state.members.map((one) => h("li", {}, h("a", { href: address(one.username) }, one.username), h("span", { class: "faint" }, ` ${roles(one).join(", ")}`))),
    ),
  );
  $("chooser").hidden = false;
}

let stop = () => {};
let joined = false;

/** Shows the page as a member. A channel that is `asked` for is opened also when it is empty. */
async function become(name, wanted, asked) {
  stop();
  joined = false;
  state.as = name;
  kept.write("as", name);
  try {
    learn(await api.guild(name));
  } catch (refused) {
    state.as = null;
    list.reset(null);
    $("hint-text").textContent = refused.message;
    $("hint").hidden = false;
    return;
  }
  $("who").value = name;
  $("chooser").hidden = true;
  leader.learn();
  const seen = state.channels.find((one) => one.name === wanted || one.id === wanted);
  const last = channelOf(kept.read(`channel:${name}`, ""));
  const tops = state.channels.filter((one) => !isThread(one) && one.type !== CATEGORY).sort((a, b) => a.position - b.position);
  const filled = [seen, last, ...tops].find((one) => one?.last_message_id);
  stop = watch(
    name,
    (event) => {
      // The guild may have changed between its reading and the first greeting; a later greeting comes after a broken connection.
      if (event.type === "hello") {
        if (joined) heard({ type: "reload" });
        else {
          refreshSoon();
          // And what was written between the reading of a channel and this greeting was heard by nobody.
          if (list.channel) list.open(list.channel);
        }
        joined = true;
      } else heard(event);
    },
    (live) => {
      $("live").textContent = live ? "" : "The connection broke; trying again…";
    },
  );
  await go(((asked && seen) || (filled ?? seen ?? last ?? tops[0]))?.id ?? null);
}

function closeNav() {
  document.body.classList.remove("nav-open");
  $("nav-toggle").setAttribute("aria-expanded", "false");
}

function theme(choice) {
  document.documentElement.dataset.theme = choice;
  kept.write("theme", choice);
  $("theme").value = choice;
}

async function start() {
  theme(kept.read("theme", "auto"));
  $("theme").addEventListener("change", (event) => theme(event.target.value));
  $("nav-toggle").addEventListener("click", () => {
    const open = document.body.classList.toggle("nav-open");
    $("nav-toggle").setAttribute("aria-expanded", String(open));
    if (open) ($("channels").querySelector("[aria-current]") ?? $("channels").querySelector("a"))?.focus();
  });
  $("nav").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.body.classList.contains("nav-open")) return;
    closeNav();
    $("nav-toggle").focus();
  });
  arrows($("channels"), () => [...$("channels").querySelectorAll("a")]);
  $("hint-close").addEventListener("click", () => {
    kept.write("hint-done", true);
    $("hint").hidden = true;
    $("composer-text").focus();
  });
  document.addEventListener("visibilitychange", () => {
    const channel = channelOf(state.channel);
    if (!document.hidden && channel) {
      unread.clear(channel);
      paintChannels();
    }
  });
  setInterval(refreshTimes, TIMES_EVERY_MS);
  const all = await api.everyone();
  const people = all.members.filter((one) => !one.user.bot);
  const names = people.map((one) => one.user.username);
  state.guild = all.guild;
  const who = $("who");
  who.replaceChildren(h("option", { value: "" }, "Choose…"), ...names.map((one) => h("option", { value: one }, one)));
  who.addEventListener("change", () => who.value && become(who.value, channelOf(state.channel)?.name));
  const at = new URLSearchParams(location.search);
  const name = at.get("as");
  if (name && !names.includes(name)) {
    $("hint-text").textContent = `No member is called ${name}. Choose who you are, at the top.`;
  } else if (name) {
    await become(name, at.get("channel"), true);
  } else {
    state.roles = all.roles;
    state.members = people.map((one) => ({ id: one.user.id, username: one.user.username, roles: one.roles }));
    paintHead();
    leader.learn();
    choose();
    who.focus();
  }
}

start().catch((error) => {
  $("hint").hidden = false;
  $("hint-text").textContent = error.message;
});

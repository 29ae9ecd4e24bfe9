// Discord's markdown as elements. Every text becomes a text node; only web addresses become links.

import { h } from "./dom.js";
import { channelOf, memberOf, now, roleOf, titleOf } from "./state.js";

const DEEPEST = 10;

function webAddress(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that says where it leads; text that only looks like a link stays text. */
export function linkTo(text, address) {
  const href = webAddress(address);
  if (!href) return document.createTextNode(text);
  const { host } = new URL(href);
  return h("a", { href, title: href, target: "_blank", rel: "noopener noreferrer" }, `${text} (${host})`);
}

/** A link with its address in sight; text that only looks like a link stays text. */
export function link(text, address) {
  const href = webAddress(address);
  if (!href) return document.createTextNode(text);
  const a = h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);
  return text === address || text === href ? a : h("span", {}, a, h("span", { class: "address" }, ` (${href})`));
}

const DATE = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};

const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const spoken = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function relative(date) {
  const seconds = Math.round((date - now()) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return spoken.format(Math.trunc(seconds / size), unit);
  }
  return spoken.format(seconds, "second");
}

function time(seconds, style) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode("an unknown time");
  const whole = new Intl.DateTimeFormat("en-GB", DATE.F).format(date);
  const el = h("time", { datetime: date.toISOString(), title: whole });
  if (style === "R") {
    el.dataset.relative = date.getTime();
    el.textContent = relative(date);
  } else {
    el.textContent = new Intl.DateTimeFormat("en-GB", DATE[style] ?? DATE.f).format(date);
  }
  return el;
}

/** Ages go on by themselves. */
export function refreshTimes() {
  for (const el of document.querySelectorAll("time[data-relative]")) {
    el.textContent = relative(new Date(Number(el.dataset.relative)));
  }
}

const mention = (text) => h("span", { class: "mention" }, text);

function spoiler(children) {
  const el = h("button", { type: "button", class: "spoiler", "aria-expanded": "false", "aria-label": "Spoiler, show" });
  const inner = h("span", { hidden: true }, children);
  const cover = h("span", { "aria-hidden": "true" }, "spoiler");
  el.append(cover, inner);
  el.addEventListener("click", () => {
    inner.hidden = !inner.hidden;
    cover.hidden = !inner.hidden;
    el.setAttribute("aria-expanded", String(!inner.hidden));
    if (inner.hidden) el.setAttribute("aria-label", "Spoiler, show");
    else el.removeAttribute("aria-label");
  });
  return el;
}

const trimAddress = (text) => {
  const cut = text.replace(/[.,:;!?'"\]]+$/, "");
  return cut.endsWith(")") && !cut.includes("(") ? cut.slice(0, -1) : cut;
};

// Tried in this order at each place; the first that fits wins. `inside` is read again.
const RULES = [
  [/\\([^a-zA-Z0-9\s])/y, ([, c]) => c],
  [/(`+)([^]*?[^`])\1(?!`)/y, ([, , code]) => h("code", {}, code.trim() || code)],
  [/\*\*([^]+?)\*\*(?!\*)/y, ([, inside], read) => h("strong", {}, read(inside))],
  [/__([^]+?)__(?!_)/y, ([, inside], read) => h("u", {}, read(inside))],
  [/\*(?!\s)((?:\*\*|[^*])+?)(?<!\s)\*(?!\*)/y, ([, inside], read) => h("em", {}, read(inside))],
  [/_((?:__|\\.|[^_\\])+?)_(?![a-zA-Z0-9_])/y, ([, inside], read) => h("em", {}, read(inside))],
  [/~~([^]+?)~~/y, ([, inside], read) => h("del", {}, read(inside))],
  [/\|\|([^]+?)\|\|/y, ([, inside], read) => spoiler(read(inside))],
  [/<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y, ([, at, style]) => time(at, style)],
  [/<@!?(\d+)>/y, ([, id]) => mention(`@${memberOf(id)?.username ?? "unknown-user"}`)],
  [/<@&(\d+)>/y, ([, id]) => mention(`@${roleOf(id)?.name ?? "unknown-role"}`)],
  [
    /<#(\d+)>/y,
    ([, id]) => {
      const channel = channelOf(id);
      return mention(channel ? titleOf(channel) : "#no-access");
    },
  ],
  [/<\/([^:>]{1,100}):\d+>/y, ([, name]) => mention(`/${name}`)],
  [/<a?:(\w{2,32}):\d+>/y, ([, name]) => `:${name}:`],
  [/@(everyone|here)\b/y, ([all]) => mention(all)],
  [
    /\[((?:\\.|[^\]\\\n])+)\]\(\s*<?(https?:\/\/[^\s<>)]+)>?(?:\s+"[^"\n]*")?\s*\)/y,
    ([, text, address]) => link(text.replace(/\\(.)/g, "$1"), address),
  ],
  [/<(https?:\/\/[^\s<>]+)>/y, ([, address]) => link(address, address)],
];
const ADDRESS = /https?:\/\/[^\s<]+/y;
const SPECIAL = /[\\`*_~|<@[]|https?:\/\//g;

function inline(text, depth) {
  const out = [];
  let plain = "";
  const flush = () => {
    if (plain) out.push(document.createTextNode(plain));
    plain = "";
  };
  const read = (inside) => (depth >= DEEPEST ? [inside] : inline(inside, depth + 1));
  let at = 0;
  outer: while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text);
    const until = next ? next.index : text.length;
    plain += text.slice(at, until);
    at = until;
    if (at >= text.length) break;
    const within = text[at] === "_" && /\w$/.test(plain);
    for (const [pattern, make] of within ? [] : RULES) {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (!match) continue;
      flush();
      // What is inside is read with the same patterns: their own place is lost by then.
      out.push(make(match, read));
      at += match[0].length;
      continue outer;
    }
    ADDRESS.lastIndex = at;
    const found = ADDRESS.exec(text);
    if (found) {
      const address = trimAddress(found[0]);
      flush();
      out.push(link(address, address));
      at += address.length;
      continue;
    }
    plain += text[at];
    at += 1;
  }
  flush();
  return out;
}

/** Markdown in one line: no blocks. */
export const line = (text) => inline(text, 0);

const FENCE = /^```(?:([\w+#-]+)\n)?\n?([^]*?)\n?```/;
const ITEM = /^( *)([-*]|\d{1,9}\.) +(.*)$/;

function list(rows) {
  const root = [];
  const open = [];
  for (const [, indent, mark, text] of rows) {
    const depth = indent.length;
    while (open.length && open.at(-1).depth > depth) open.pop();
    let top = open.at(-1);
    if (!top || top.depth < depth) {
      const ordered = /\d/.test(mark);
      const el = h(ordered ? "ol" : "ul", ordered ? { start: parseInt(mark, 10) } : {});
      if (top?.el.lastChild) top.el.lastChild.append(el);
      else root.push(el);
      top = { depth, el };
      open.push(top);
    }
    top.el.append(h("li", {}, inline(text, 0)));
  }
  return root;
}

/** Markdown with blocks: quotes, headings, lists, code. */
export function markdown(text, depth = 0) {
  const out = [];
  let rest = text;
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) out.push(h("p", {}, inline(paragraph.join("\n"), 0)));
    paragraph = [];
  };
  while (rest.length) {
    const fence = FENCE.exec(rest);
    if (fence) {
      flush();
      out.push(h("pre", { tabindex: "0", "aria-label": "Code" }, h("code", {}, fence[2])));
      rest = rest.slice(fence[0].length).replace(/^\n/, "");
      continue;
    }
    if (rest.startsWith(">>> ") && depth < DEEPEST) {
      flush();
      out.push(h("blockquote", {}, markdown(rest.slice(4), depth + 1)));
      return out;
    }
    const end = rest.indexOf("\n");
    // A fence may begin inside a line.
    const code = rest.indexOf("```", 1);
    if (code > 0 && (end < 0 || code < end) && rest.indexOf("```", code + 3) > 0 && !rest.startsWith("> ")) {
      paragraph.push(rest.slice(0, code).trimEnd());
      flush();
      rest = rest.slice(code);
      continue;
    }
    const row = end < 0 ? rest : rest.slice(0, end);
    rest = end < 0 ? "" : rest.slice(end + 1);
    const heading = /^(#{1,3}) +(.+)$/.exec(row);
    if (heading) {
      flush();
      const level = heading[1].length;
      out.push(h("p", { class: `heading h${level}`, role: "heading", "aria-level": String(level + 2) }, line(heading[2])));
    } else if (/^-# +/.test(row)) {
      flush();
      out.push(h("p", { class: "subtext" }, line(row.replace(/^-# +/, ""))));
    } else if (/^> /.test(row) && depth < DEEPEST) {
      flush();
      const quoted = [row.slice(2)];
      while (/^> /.test(rest)) {
        const stop = rest.indexOf("\n");
        quoted.push((stop < 0 ? rest : rest.slice(0, stop)).slice(2));
        rest = stop < 0 ? "" : rest.slice(stop + 1);
      }
      out.push(h("blockquote", {}, markdown(quoted.join("\n"), depth + 1)));
    } else if (ITEM.test(row)) {
      flush();
      const rows = [ITEM.exec(row)];
      for (;;) {
        const stop = rest.indexOf("\n");
        const following = ITEM.exec(stop < 0 ? rest : rest.slice(0, stop));
        if (!following) break;
        rows.push(following);
        rest = stop < 0 ? "" : rest.slice(stop + 1);
      }
      out.push(...list(rows));
    } else if (row.trim() === "") {
      flush();
    } else {
      paragraph.push(row);
    }
  }
  flush();
  return out;
}

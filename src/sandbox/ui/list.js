// The messages of one channel: a window that moves over them, so that thousands scroll like dozens.

import { announce, h } from "./dom.js";
import { answerKind, foldAway, message as render, notice, spoken } from "./message.js";
import { channelOf, dismissed, isThread, later, state } from "./state.js";
import { api } from "./api.js";

const PAGE = 50;
/** More than this are never in the page at once. */
const MOST = 250;
/** How near an end more is fetched. */
const NEAR = 600;
const BOTTOM = 80;

export class MessageList {
  constructor(box, jump, doing) {
    this.box = box;
    this.jump = jump;
    this.doing = doing;
    this.rows = h("div", { class: "rows" });
    /** What was asked last: the answer to anything earlier is not looked at. */
    this.turn = 0;
    this.top = h("p", { class: "faint end", hidden: true });
    box.append(this.top, this.rows);
    this.reset(null);
    box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    // Heights are estimated until messages are painted; whoever was at the bottom stays there.
    const resized = () => {
      if (this.stuck) this.toBottom();
      this.pill();
    };
    new ResizeObserver(resized).observe(this.rows);
    new ResizeObserver(resized).observe(box);
    jump.addEventListener("click", () => this.open(this.channel));
    box.addEventListener("keydown", (event) => this.keys(event));
  }

  reset(channel) {
    this.turn += 1;
    this.channel = channel;
    /** Shown messages, oldest first: {row, el}. */
    this.shown = [];
    this.waiting = [];
    this.oldest = false;
    this.newest = true;
    this.busy = false;
    this.stuck = true;
    /** Where the view stood when it was last looked at. */
    this.last = 0;
    this.rows.replaceChildren();
    this.top.hidden = true;
    this.jump.hidden = true;
  }

  /** Shows a channel's newest messages; one that is open keeps what it shows until they are here. */
  async open(channel) {
    if (channel !== this.channel) this.reset(channel);
    if (!channel) return;
    const turn = ++this.turn;
    this.waiting = [];
    this.busy = true;
    let messages;
    try {
      ({ messages } = await api.view(state.as, channel, { limit: PAGE }));
    } catch (refused) {
      if (this.turn !== turn) return;
      this.reset(channel);
      this.top.textContent = refused.message;
      this.top.hidden = false;
      return;
    }
    if (this.turn !== turn) return;
    const fresh = messages.filter((row) => !dismissed.has(row.id));
    this.shown = fresh.map((row) => this.made(row));
    this.rows.replaceChildren(...this.shown.map((one) => one.el));
    this.oldest = messages.length < PAGE;
    this.newest = true;
    this.busy = false;
    this.fold();
    this.ends();
    this.toBottom();
    this.pill();
    // What arrived while this was asked.
    this.flush();
  }

  /** One message that cannot be shown must not hide the others. */
  made(row) {
    try {
      return { row, el: render(row, this.doing) };
    } catch (error) {
      console.error(error);
      return { row, el: notice("A message could not be shown.") };
    }
  }

  ends() {
    this.top.hidden = !this.oldest;
    const channel = channelOf(this.channel);
    const what = channel && isThread(channel) ? "thread" : "channel";
    this.top.textContent = this.shown.length || what === "thread" ? `The ${what} begins here.` : "Nothing is here yet.";
  }

  toBottom() {
    this.stuck = true;
    this.box.scrollTop = this.box.scrollHeight;
    this.last = this.box.scrollTop;
  }

  /** The way to the newest messages shows whenever they are out of sight. */
  pill() {
    this.jump.hidden = !this.channel || this.busy || (this.newest && (this.stuck || this.atBottom()));
  }

  atBottom() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < BOTTOM;
  }

  /** A message that is new or changed; painted with the next frame. */
  heard(row) {
    if (row.channel_id !== this.channel || dismissed.has(row.id)) return;
    this.waiting.push(row);
    if (this.busy || this.waiting.length > 1) return;
    if (document.hidden) setTimeout(() => this.flush());
    else requestAnimationFrame(() => this.flush());
  }

  flush() {
    if (this.busy || this.waiting.length === 0) return;
    const rows = this.waiting;
    this.waiting = [];
    // An answer that only this member sees is one to their own deed: it comes into view.
    const answered = rows.some((row) => row.ephemeral && !this.element(row.id));
    if (answered && !this.newest) {
      this.open(this.channel);
      return;
    }
    const changed = rows.findLast((row) => row.ephemeral && this.element(row.id));
    const stick = this.newest && (this.stuck || answered);
    for (const row of rows) this.put(row);
    this.fold();
    if (stick) {
      while (this.shown.length > MOST) this.drop(this.shown[0]);
      if (this.shown.length >= MOST) this.oldest = false;
      this.ends();
      this.toBottom();
    }
    // One that took the place of another too: its last line with the controls, where it is longer than the window.
    if (changed && !answered) this.element(changed.id)?.scrollIntoView({ block: "end" });
    this.pill();
  }

  /** Of several private answers of one kind only the newest stays open. */
  fold() {
    const kinds = new Set();
    for (const one of this.shown.toReversed()) {
      const kind = answerKind(one.row);
      if (!kind) continue;
      if (kinds.has(kind) && !one.folded) foldAway(one);
      kinds.add(kind);
    }
  }

  put(row) {
    const at = this.shown.findIndex((one) => one.row.id === row.id);
    if (at >= 0) {
      this.replace(at, row);
      return;
    }
    const last = this.shown.at(-1);
    if (!this.newest) return;
    // An old message that is not in the window was edited.
    if (last && !later(row.id, last.row.id)) return;
    const one = this.made(row);
    this.shown.push(one);
    this.rows.append(one.el);
    if (row.author.id !== state.me) announce(spoken(row));
  }

  /** The focus stays on the same control, or else on the message. */
  replace(at, row) {
    const old = this.shown[at].el;
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const custom = focus?.dataset?.customId;
    const one = this.made(row);
    this.shown[at] = one;
    old.replaceWith(one.el);
    if (row.ephemeral) announce(spoken(row));
    if (!focus) return;
    const same = custom && [...one.el.querySelectorAll("[data-custom-id]")].find((el) => el.dataset.customId === custom);
    (same && !same.disabled ? same : one.el).focus({ preventScroll: true });
  }

  drop(one) {
    one.el.remove();
    this.shown = this.shown.filter((other) => other !== one);
  }

  gone(channel, id) {
    if (channel !== this.channel) return;
    this.waiting = this.waiting.filter((row) => row.id !== id);
    const one = this.shown.find((other) => other.row.id === id);
    if (!one) return;
    if (one.el.contains(document.activeElement)) this.box.focus();
    this.drop(one);
    this.ends();
  }

  element(id) {
    return this.shown.find((one) => one.row.id === id)?.el;
  }

  /** A line of this window only. */
  note(el) {
    this.rows.append(el);
    this.toBottom();
  }

  scrolled() {
    const up = this.box.scrollTop < this.last;
    this.last = this.box.scrollTop;
    // Only the reader leaves the bottom; messages that grow meanwhile do not.
    if (this.atBottom()) this.stuck = this.newest;
    else if (up) this.stuck = false;
    else if (this.stuck) this.toBottom();
    if (this.busy || !this.channel) return;
    this.pill();
    if (this.box.scrollTop < NEAR && !this.oldest) this.more("before");
    else if (!this.newest && this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR) this.more("after");
  }

  async more(side) {
    const back = side === "before";
    const edge = back ? this.shown[0] : this.shown.at(-1);
    if (!edge) return;
    this.busy = true;
    const turn = ++this.turn;
    let messages = [];
    try {
      ({ messages } = await api.view(state.as, this.channel, { [side]: edge.row.id, limit: PAGE }));
    } catch {
      // The stream says when the sandbox is gone; scrolling asks again.
    }
    if (this.turn !== turn) return;
    this.grow(back, messages);
    this.busy = false;
    this.flush();
  }

  /** Adds a page at one side and lets as many go at the other, without moving what is in sight. */
  grow(back, messages) {
    const anchor = this.inSight();
    const before = anchor?.el.getBoundingClientRect().top;
    const fresh = messages.filter((row) => !dismissed.has(row.id) && !this.element(row.id)).map((row) => this.made(row));
    const els = fresh.map((one) => one.el);
    if (back) {
      this.oldest = messages.length < PAGE;
      this.shown = [...fresh, ...this.shown];
      this.rows.prepend(...els);
    } else {
      this.newest = messages.length < PAGE;
      this.shown = [...this.shown, ...fresh];
      this.rows.append(...els);
    }
    const extra = Math.max(0, this.shown.length - MOST);
    const leaving = back ? this.shown.slice(this.shown.length - extra) : this.shown.slice(0, extra);
    for (const one of leaving) one.el.remove();
    this.shown = back ? this.shown.slice(0, this.shown.length - extra) : this.shown.slice(extra);
    if (extra > 0 && back) this.newest = false;
    this.fold();
    if (extra > 0 && !back) this.oldest = false;
    this.ends();
    if (anchor?.el.isConnected) this.box.scrollTop += anchor.el.getBoundingClientRect().top - before;
  }

  inSight() {
    const top = this.box.getBoundingClientRect().top;
    let low = 0;
    let high = this.shown.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.shown[middle].el.getBoundingClientRect().bottom < top) low = middle + 1;
      else high = middle;
    }
    return this.shown[low];
  }

  /** Arrow keys go from message to message, once the focus is on the list or on a message. */
  keys(event) {
    const on = document.activeElement;
    if (on !== this.box && !on?.classList.contains("message")) return;
    const els = [...this.rows.querySelectorAll(".message")];
    const at = els.indexOf(on);
    const to = {
      ArrowUp: at < 0 ? els.length - 1 : at - 1,
      ArrowDown: at < 0 ? els.length - 1 : at + 1,
      End: els.length - 1,
    }[event.key];
    if (to === undefined || !els[to]) return;
    event.preventDefault();
    els[to].focus();
    els[to].scrollIntoView({ block: "nearest" });
  }
}

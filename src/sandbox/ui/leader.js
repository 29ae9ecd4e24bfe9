// The panel for whoever leads a drill: messages as anyone, bodies to send, clock, faults, roles,
// and the bot's requests as they come.

import { api } from "./api.js";
import { h, kept, unique } from "./dom.js";
import { clockIs, now, state } from "./state.js";

const FAULTS = [
  ["http_500", "The server fails (500)"],
  ["http_429", "Too many requests (429)"],
  ["http_401", "Token refused (401)"],
  ["http_403", "Missing access (403)"],
  ["http_404", "Unknown (404)"],
  ["timeout", "No answer, nothing done"],
  ["slow", "A slow answer"],
  ["late_response", "Done, but the answer is late"],
  ["lost_request", "Not done, the connection breaks"],
  ["lost_response", "Done, but the answer is lost"],
  ["gateway_drop", "The gateway's connection breaks"],
  ["gateway_reconnect", "The gateway asks to reconnect"],
  ["gateway_close", "The gateway closes (4000)"],
  ["gateway_invalid_session", "The gateway's session is gone"],
];
const MINUTE = 60_000;
const STEPS = [
  ["1 minute", MINUTE],
  ["10 minutes", 10 * MINUTE],
  ["1 hour", 60 * MINUTE],
  ["1 day", 24 * 60 * MINUTE],
];
const REQUESTS = 100;
const EVERY_MS = 700;

const labelled = (label, input) => {
  input.id ||= unique("lead");
  return h("div", { class: "field" }, h("label", { for: input.id, class: "label" }, label), input);
};
const options = (list) => list.map(([value, label]) => h("option", { value }, label));

/** A part of the panel with a form; `deed` gives the sentence that says what was done. */
function part(title, children, button, deed) {
  const said = h("p", { class: "said", role: "status" });
  const form = h("form", {}, children, button && h("button", { type: "submit", class: "secondary" }, button), said);
  const does = async (work) => {
    said.textContent = "…";
    try {
      said.textContent = await work();
    } catch (refused) {
      said.textContent = refused.message;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (deed) does(deed);
  });
  return { el: h("details", { open: true }, h("summary", {}, title), form), does };
}

export class Leader {
  constructor(box, toggle) {
    this.box = box;
    this.toggle = toggle;
    this.since = 0;
    this.timer = 0;
    const title = h("h2", { tabindex: "-1" }, "Drill panel");
    this.samplePart = this.sending().el;
    this.samplePart.hidden = true;
    const close = h("button", { type: "button", class: "secondary small", on: { click: () => {
      this.show(false);
      toggle.focus();
    } } }, "Close panel");
    box.append(h("div", { class: "panel-head" }, title, close), this.samplePart, this.writing().el, this.time(), this.breaking().el, this.changing().el, this.watching());
    toggle.addEventListener("click", () => {
      this.show(box.hidden);
      if (box.hidden) return;
      title.focus();
      title.scrollIntoView({ block: "start" });
    });
    this.show(kept.read("leader", false));
  }

  show(open) {
    this.box.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    kept.write("leader", open);
    clearTimeout(this.timer);
    if (open) this.poll();
  }

  /** The guild was read anew. */
  learn() {
    const members = state.members.filter((one) => !one.bot);
    for (const select of [this.author, this.whose]) {
      const before = select.value;
      select.replaceChildren(...options(members.map((one) => [one.id, one.username])));
      if (members.some((one) => one.id === before)) select.value = before;
    }
    this.roleBoxes();
    api.everyone().then((all) => {
      const before = this.where.value;
      this.where.replaceChildren(...options(all.channels.map((one) => [one.id, one.name])));
      if (before) this.where.value = before;
    }).catch(() => {});
    this.fill();
  }

  sending() {
    this.outlet = h("select", {});
    this.sample = h("select", {});
    this.body = h("textarea", { rows: "6", spellcheck: "false" });
    this.outlet.addEventListener("change", () => this.samples());
    this.sample.addEventListener("change", () => this.paste());
    const answer = h("pre", { tabindex: "0", "aria-label": "The answer as it came", hidden: true });
    // The same again is what was sent last, with the values that it was given.
    let last = {};
    const send = (fresh) => async () => {
      const [to, written] = [this.outlet.value, this.body.value];
      const repeated = !fresh.length && last.to === to && last.written === written;
      answer.hidden = true;
      const { status, body, took_ms: took, sent } = await api.send(to, repeated ? last.sent : written, fresh);
      last = { to, written, sent };
      answer.textContent = body.slice(0, 2000);
      answer.hidden = body === "";
      return `${status < 300 ? "Taken" : "Refused"}: status ${status} after ${took} ms.`;
    };
    const again = h("button", { type: "button", class: "secondary" }, "Send the same again");
    const made = part("Send a sample", [labelled("Send to", this.outlet), labelled("Sample", this.sample), labelled("Body", this.body)], "Send as new", () => send(this.fresh())());
    again.addEventListener("click", () => made.does(send([])));
    const form = made.el.querySelector("form");
    form.insertBefore(again, form.lastChild);
    form.append(answer);
    return made;
  }

  async fill() {
    if (this.outlets) return;
    try {
      ({ outlets: this.outlets } = await api.outlets());
    } catch {
      return;
    }
    if (this.outlets.length === 0) {
      // Whoever runs beside the sandbox may not have said yet where it listens.
      this.outlets = null;
      return;
    }
    this.samplePart.hidden = false;
    this.outlet.replaceChildren(...options(this.outlets.map((one) => [one.name, one.name])));
    this.samples();
  }

  samples() {
    const outlet = this.outlets.find((one) => one.name === this.outlet.value);
    this.sample.replaceChildren(...options([...outlet.samples.map((one, at) => [String(at), one.name]), ["", "Your own"]]));
    this.paste();
  }

  /** Where the chosen sample says which alert it is; for a body of one's own, as in the others. */
  fresh() {
    const { samples } = this.outlets.find((one) => one.name === this.outlet.value);
    return (samples[Number(this.sample.value || NaN)] ?? samples[0])?.fresh ?? [];
  }

  paste() {
    const outlet = this.outlets.find((one) => one.name === this.outlet.value);
    this.body.value = outlet.samples[Number(this.sample.value || NaN)]?.body ?? "";
  }

  writing() {
    this.author = h("select", {});
    this.where = h("select", {});
    const text = h("input", { type: "text", autocomplete: "off" });
    return part("Write as a member", [labelled("Member", this.author), labelled("Channel", this.where), labelled("Text", text)], "Write", async () => {
      await api.write(this.author.value, this.where.value, text.value);
      text.value = "";
      return "Written.";
    });
  }

  time() {
    this.now = h("p", {});
    const minutes = h("input", { type: "number", min: "1", value: "30" });
    const moved = part("Clock", [this.now], null, null);
    const move = (ms) => moved.does(async () => {
      clockIs((await api.advance(ms)).now);
      this.tick();
      return "The clock was moved.";
    });
    const form = moved.el.querySelector("form");
    form.insertBefore(h("div", { class: "row" }, STEPS.map(([label, ms]) => h("button", { type: "button", class: "secondary small", on: { click: () => move(ms) } }, `+ ${label}`))), form.lastChild);
    form.insertBefore(labelled("Minutes", minutes), form.lastChild);
    form.insertBefore(h("button", { type: "submit", class: "secondary" }, "Move the clock"), form.lastChild);
    form.addEventListener("submit", () => move(Math.round(Number(minutes.value) * MINUTE)));
    return moved.el;
  }

  tick() {
    this.now.textContent = `Now ${new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }).format(now())}`;
  }

  breaking() {
    const kind = h("select", {}, options(FAULTS));
    const times = h("input", { type: "number", min: "1", placeholder: "1" });
    const ms = h("input", { type: "number", min: "1", placeholder: "no limit" });
    const route = h("input", { type: "text", placeholder: "such as POST /api/v10/channels", autocomplete: "off" });
    const made = part("Fault", [labelled("Fault", kind), labelled("How many requests", times), labelled("For milliseconds", ms), labelled("Only on the route", route)], "Inject fault", async () => {
      const order = { kind: kind.value };
      if (times.value) order.times = Number(times.value);
      if (ms.value) order.for_ms = Number(ms.value);
      if (route.value) order.route = route.value;
      await api.fault(order);
      if (kind.value.startsWith("gateway_")) return "Done: the fault is met.";
      this.faultSaid = made.el.querySelector(".said");
      return "The fault waits for its request.";
    });
    return made;
  }

  changing() {
    this.whose = h("select", {});
    this.boxes = h("div", { class: "choices" });
    this.whose.addEventListener("change", () => this.roleBoxes());
    return part("Roles", [labelled("Whose roles", this.whose), this.boxes], "Save roles", async () => {
      const held = [...this.boxes.querySelectorAll("input:checked")].map((one) => one.value);
      await api.roles(this.whose.value, held);
      return "Saved.";
    });
  }

  roleBoxes() {
    const member = state.members.find((one) => one.id === this.whose.value);
    const roles = state.roles.filter((one) => one.id !== state.guild.id && !one.managed);
    this.boxes.replaceChildren(
      ...roles.map((one) => {
        const id = unique("role");
        return h("div", { class: "choice" }, h("input", { type: "checkbox", id, value: one.id, checked: member?.roles.includes(one.id) }), h("label", { for: id }, one.name));
      }),
    );
  }

  watching() {
    this.health = h("p", { class: "faint" });
    this.requests = h("ul", { class: "requests", tabindex: "0", "aria-label": "Requests of the bot, newest first" });
    return h("details", { open: true }, h("summary", {}, "Requests"), this.health, this.requests);
  }

  async poll() {
    if (this.box.hidden) return;
    this.tick();
    try {
      const { requests, unknown_endpoints: unknown, faults_met: met } = await api.requests(this.since, REQUESTS);
      for (const one of requests) {
        this.since = one.number;
        const at = new Date(one.at).toISOString().slice(11, 23);
        this.requests.prepend(h("li", {}, h("details", {}, h("summary", { class: one.status >= 400 ? "failure" : null }, `${at} ${one.status || "swallowed"}${one.scope ? ` (${one.scope})` : ""} ${one.method} ${one.path.replace("/api/v10", "").replace(/(webhooks\/\d+\/|interactions\/\d+\/)[^/]+/, "$1…")}`), h("pre", { tabindex: "0" }, JSON.stringify(one.body, null, 1)))));
      }
      while (this.requests.children.length > REQUESTS) this.requests.lastChild.remove();
      if (this.met !== undefined && met > this.met && this.faultSaid) this.faultSaid.textContent = `A request met the fault, at ${new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(now())}.`;
      this.met = met;
      const { gateway_connections: bots } = await api.health();
      this.health.textContent = `${bots === 0 ? "The bot is not connected" : "The bot is connected"}; unknown endpoints: ${unknown}.`;
      await this.fill();
    } catch {
      this.health.textContent = "The sandbox does not answer.";
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), EVERY_MS);
  }
}

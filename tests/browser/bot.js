// A bot of the tests' own, on Discord's wire: it has every component and answers in every way.

import WebSocket from "ws";

const option = (value, more = {}) => ({ label: `Option ${value}`, value, ...more });
const label = (text, component, description) => ({ type: 18, label: text, description, component });

/** Two forms hold every component that a label may. */
const FORMS = {
  first: [
    { type: 10, content: "Read **this** first." },
    label("Line", { type: 4, custom_id: "line", style: 1, min_length: 3, max_length: 8 }, "Three to eight characters"),
    label("Paragraph", { type: 4, custom_id: "paragraph", style: 2, required: false }),
    label("List", { type: 3, custom_id: "list", min_values: 1, max_values: 2, options: ["a", "b", "c"].map((one) => option(one)) }),
    label("Upload", { type: 19, custom_id: "upload", required: false, min_values: 0, max_values: 2 }),
  ],
  second: [
    label("Radio", { type: 21, custom_id: "radio", options: [option("a"), option("b")] }),
    label("Boxes", { type: 22, custom_id: "boxes", min_values: 2, max_values: 2, options: ["a", "b", "c"].map((one) => option(one)) }),
    label("Tick", { type: 23, custom_id: "tick" }),
    label("Person", { type: 5, custom_id: "person" }),
    label("Place", { type: 8, custom_id: "place", required: false }),
  ],
  third: [label("Role", { type: 6, custom_id: "role" }), label("Anyone", { type: 7, custom_id: "anyone" })],
};

const BUTTONS = [
  { type: 2, style: 1, label: "First form", custom_id: "form:first" },
  { type: 2, style: 2, label: "Second form", custom_id: "form:second" },
  { type: 2, style: 3, label: "Third form", custom_id: "form:third" },
  { type: 2, style: 4, label: "Silence", custom_id: "silence" },
  { type: 2, style: 2, label: "Change this", custom_id: "change" },
];
const SELECTS = [
  { type: 3, custom_id: "select", placeholder: "Pick one", options: ["a", "b"].map((one) => option(one, { description: "a choice" })) },
  { type: 5, custom_id: "select:user", placeholder: "Pick a member" },
  { type: 6, custom_id: "select:role", placeholder: "Pick a role" },
  { type: 8, custom_id: "select:channel", placeholder: "Pick a channel" },
];

const COMMANDS = [
  { name: "panel", description: "Shows every component" },
  { name: "quiet", description: "Answers only you" },
  { name: "think", description: "Thinks, then answers" },
  { name: "silent", description: "Never answers" },
  {
    name: "set",
    description: "A group",
    options: [
      {
        type: 1,
        name: "value",
        description: "Sets a value",
        options: [
          { type: 3, name: "key", description: "Which one", required: true, autocomplete: true },
          { type: 4, name: "count", description: "How many", required: true, min_value: 1, max_value: 9 },
          { type: 5, name: "sure", description: "Whether it is sure" },
          { type: 3, name: "colour", description: "Which colour", choices: [{ name: "Red", value: "r" }, { name: "Blue", value: "b" }] },
          { type: 6, name: "who", description: "For whom" },
          { type: 11, name: "file", description: "A file" },
        ],
      },
    ],
  },
  { name: "Quote this", type: 3 },
  { name: "Greet", type: 2 },
];

const row = (...components) => ({ type: 1, components });

/** Connects and answers until `stop`; `seen` holds the interactions. */
export async function bot(base, token) {
  const application = Buffer.from(token.split(".")[0], "base64").toString();
  const rest = async (method, path, body) => {
    const answer = await fetch(`${base}/api/v10${path}`, {
      method,
      headers: { authorization: `Bot ${token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const seen = [];
  const reply = (on, type, data) => rest("POST", `/interactions/${on.id}/${on.token}/callback`, { type, data });
  const say = (on, content, flags = 0) => reply(on, 4, { content, flags });

  const commands = {
    panel: (on) => reply(on, 4, { content: `Every component, panel ${seen.filter((one) => one.data.name === "panel").length}.`, components: [row(...BUTTONS), ...SELECTS.map((one) => row(one))] }),
    quiet: (on) => say(on, "A word for you alone", 64),
    think: async (on) => {
      await reply(on, 5, {});
      await new Promise((done) => setTimeout(done, 400));
      await rest("PATCH", `/webhooks/${application}/${on.token}/messages/@original`, { content: "A thought" });
    },
    silent: async () => {},
    set: (on) => say(on, `set ${JSON.stringify(on.data.options[0].options.map(({ name, value }) => [name, value]))}`),
    "Quote this": (on) => say(on, `quoted: ${Object.values(on.data.resolved.messages)[0].content}`),
    Greet: (on) => say(on, `hello ${Object.values(on.data.resolved.users)[0].username}`),
  };
  const pressed = (on) => {
    const id = on.data.custom_id;
    if (id === "silence") return undefined;
    if (id === "change") return reply(on, 7, { content: "Changed", components: [row({ type: 2, style: 2, label: "Change this", custom_id: "change" })] });
    if (id.startsWith("form:")) {
      const name = id.slice(5);
      return reply(on, 9, { custom_id: name, title: `The ${name} form`, components: FORMS[name] });
    }
    return say(on, `picked ${id} ${JSON.stringify(on.data.values)}`, 64);
  };
  const value = (one) => one.value ?? one.values;
  const submitted = (on) => {
    const inputs = on.data.components.map((one) => one.component).filter(Boolean);
    return say(on, `submitted ${JSON.stringify(Object.fromEntries(inputs.map((one) => [one.custom_id, value(one)])))}`, 64);
  };
  const answer = async (on) => {
    seen.push(on);
    if (on.type === 2) return commands[on.data.name](on);
    if (on.type === 3) return pressed(on);
    if (on.type === 4) {
      const typed = on.data.options[0].options.find((one) => one.focused).value;
      return reply(on, 8, { choices: ["alpha", "beta"].filter((one) => one.startsWith(typed)).map((name) => ({ name: `Key ${name}`, value: name })) });
    }
    return submitted(on);
  };

  const guild = (await (await fetch(`${base}/sandbox/guild`)).json()).guild.id;
  await rest("PUT", `/applications/${application}/guilds/${guild}/commands`, COMMANDS);
  const socket = new WebSocket(`${base.replace("http", "ws")}/gateway?v=10&encoding=json`);
  await new Promise((ready, failed) => {
    socket.on("error", failed);
    socket.on("message", (bytes) => {
      const frame = JSON.parse(bytes);
      if (frame.op === 10) {
        const properties = { os: "linux", browser: "test", device: "test" };
        socket.send(JSON.stringify({ op: 2, d: { token, intents: 1, properties } }));
      }
      if (frame.t === "READY") ready();
      if (frame.t === "INTERACTION_CREATE") answer(frame.d).catch((error) => failed(error));
    });
  });
  return { seen, rest, guild, stop: () => socket.close() };
}

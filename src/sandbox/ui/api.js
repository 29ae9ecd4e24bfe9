// The control API, and the stream of what changes. No elements here.

/** A call that was not done, with the reason as the server gives it. */
export class Refused extends Error {
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}

async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/sandbox${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, "The sandbox does not answer. Is it still running?");
  }
  const text = await answer.text();
  let value = {};
  try {
    value = JSON.parse(text);
  } catch {
    if (answer.ok) throw new Refused(answer.status, "The answer could not be read.");
  }
  if (!answer.ok) throw new Refused(answer.status, value.error ?? (text || `Status ${answer.status}`));
  return value;
}

const of = (user) => `/members/${encodeURIComponent(user)}`;

export const api = {
  everyone: () => call("GET", "/guild"),
  guild: (user) => call("GET", `${of(user)}/guild`),
  view: (user, channel, at) => call("GET", `${of(user)}/view?${new URLSearchParams({ channel, ...at })}`),
  write: (user, channel, content) => call("POST", `${of(user)}/messages`, { channel, content }),
  command: (user, body) => call("POST", `${of(user)}/commands`, body),
  autocomplete: (user, body) => call("POST", `${of(user)}/autocomplete`, body),
  press: (user, body) => call("POST", `${of(user)}/components`, body),
  submit: (user, modal, values) => call("POST", `${of(user)}/modals`, { modal, values }),
  roles: (user, roles) => call("PUT", `${of(user)}/roles`, { roles }),
  clock: () => call("GET", "/clock"),
  advance: (ms) => call("POST", "/clock", { advance_ms: ms }),
  fault: (order) => call("POST", "/faults", order),
  health: () => call("GET", "/healthz"),
  requests: (since, limit) => call("GET", `/requests?${new URLSearchParams({ since, limit })}`),
  outlets: () => call("GET", "/outlets"),
  send: (outlet, body, fresh) => call("POST", `/outlets/${encodeURIComponent(outlet)}`, { body, fresh }),
};

/** Follows what changes for a member until it is stopped; comes back when the connection breaks. */
export function watch(user, heard, live) {
  let socket = null;
  let stopped = false;
  let wait = 250;
  const open = () => {
    socket = new WebSocket(`ws://${location.host}/sandbox${of(user)}/stream`);
    socket.onmessage = (event) => {
      wait = 250;
      heard(JSON.parse(event.data));
    };
    socket.onopen = () => live(true);
    socket.onclose = () => {
      if (stopped) return;
      live(false);
      setTimeout(() => stopped || open(), wait);
      wait = Math.min(wait * 2, 4000);
    };
  };
  open();
  return () => {
    stopped = true;
    socket.close();
  };
}

// What is known of the guild, as one member sees it: names, permissions, read marks, the clock.

import { kept } from "./dom.js";

export const state = {
  /** User name in the address; null before one is chosen. */
  as: null,
  me: null,
  guild: { id: "0", name: "" },
  channels: [],
  members: [],
  roles: [],
  commands: [],
  channel: null,
  /** The sandbox's clock minus this machine's. */
  ahead: 0,
};

export const now = () => new Date(Date.now() + state.ahead);

export function clockIs(instant) {
  state.ahead = Date.parse(instant) - Date.now();
}

export function learn(guild) {
  Object.assign(state, {
    guild: guild.guild,
    me: guild.me,
    channels: guild.channels,
    members: guild.members,
    roles: guild.roles,
    commands: guild.commands,
  });
  clockIs(guild.now);
}

const byId = (list, id) => list.find((one) => one.id === id);
export const channelOf = (id) => byId(state.channels, id);
export const memberOf = (id) => byId(state.members, id);
export const roleOf = (id) => byId(state.roles, id);
export const nameOf = (id) => memberOf(id)?.username ?? "someone who left";

const PRIVATE = 12;
export const isThread = (channel) => Boolean(channel.thread_metadata);
export const isPrivate = (channel) => channel.type === PRIVATE;
export const titleOf = (channel) => (isThread(channel) ? channel.name : `#${channel.name}`);

/** Snowflakes grow: a longer number is a later one. */
export function later(a, b) {
  if (!a || !b) return Boolean(a);
  return a.length === b.length ? a > b : a.length > b.length;
}

const ADMINISTRATOR = 1n << 3n;
const USE_COMMANDS = 1n << 31n;

/** The commands of a kind (1 slash, 2 member, 3 message) that are offered in a channel. */
export function commandsIn(channel, kind) {
  const held = BigInt(channel.permissions ?? "0");
  const admin = (held & ADMINISTRATOR) !== 0n;
  if (!admin && (held & USE_COMMANDS) === 0n) return [];
  return state.commands.filter((one) => {
    if ((one.type ?? 1) !== kind) return false;
    const needed = one.default_member_permissions;
    if (needed === null || needed === undefined || admin) return true;
    const bits = BigInt(needed);
    return bits !== 0n && (held & bits) === bits;
  });
}

const SUB_COMMAND = 1;
const GROUP = 2;

/** Every slash command with its whole path: `{path, description, options}`. */
export function paths(commands) {
  const below = (path, one) => {
    const nested = (one.options ?? []).filter((option) => [SUB_COMMAND, GROUP].includes(option.type));
    if (nested.length === 0) {
      return [{ path, description: one.description, options: one.options ?? [] }];
    }
    return nested.flatMap((option) => below(`${path} ${option.name}`, option));
  };
  return commands.flatMap((one) => below(one.name, one)).sort((a, b) => a.path.localeCompare(b.path));
}

const readKey = () => `read:${state.guild.id}:${state.me}`;

export const unread = {
  is(channel) {
    return later(channel.last_message_id, kept.read(readKey(), {})[channel.id]);
  },
  clear(channel) {
    if (!channel.last_message_id) return;
    const marks = kept.read(readKey(), {});
    if (marks[channel.id] === channel.last_message_id) return;
    marks[channel.id] = channel.last_message_id;
    kept.write(readKey(), marks);
  },
};

const dismissedKey = () => `dismissed:${state.guild.id}:${state.me}`;

export const dismissed = {
  has: (id) => kept.read(dismissedKey(), []).includes(id),
  add: (id) => kept.write(dismissedKey(), [...kept.read(dismissedKey(), []), id].slice(-500)),
};

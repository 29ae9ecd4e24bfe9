// Computes with discord.js what each member may in each place of each guild, and compares with what is given.
//   node permissions.mjs GUILDS.jsonl
import { readFileSync } from 'node:fs';
import { Client, Guild, PermissionsBitField } from 'discord.js';

const { Flags } = PermissionsBitField;
const QUIET = Flags.ViewChannel | Flags.ReadMessageHistory;
const client = new Client({ intents: [] });
const KNOWN = PermissionsBitField.All;
let guilds = 0, answers = 0, wrong = 0;

// discord.js computes roles and overwrites. What its method leaves to the documentation (topics/permissions) is
// added here: a timeout, that who does not see a channel can do nothing in it, and who sees a private thread.
function may(guild, given, place, user) {
  const member = guild.members.cache.get(user);
  const isThread = place === given.thread.id;
  const channel = guild.channels.cache.get(isThread ? given.thread.parent_id : place);
  const permissions = channel.permissionsFor(member);
  // `false`: an overwrite may carry ADMINISTRATOR's bit, and means nothing by it.
  if (!permissions.has(Flags.ViewChannel, false)) return 0n;
  const above = user === guild.ownerId || member.roles.cache.some(role => role.permissions.has(Flags.Administrator, false));
  const until = member.communicationDisabledUntilTimestamp;
  const bits = !above && until > Date.parse(given.now) ? permissions.bitfield & QUIET : permissions.bitfield;
  if (isThread && !(bits & Flags.ManageThreads) && !given.thread.members.includes(user)) return 0n;
  return bits & KNOWN;
}

for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  const given = JSON.parse(line);
  const guild = new Guild(client, given.guild);
  client.guilds.cache.set(guild.id, guild);
  guilds += 1;
  for (const [place, user, expected] of given.answers) {
    answers += 1;
    const own = may(guild, given, place, user);
    if (own !== (BigInt(expected) & KNOWN)) {
      wrong += 1;
      if (wrong <= 5) console.error(`guild ${guilds}, member ${user} in ${place}: discord.js ${own}, sandbox ${expected}\n${JSON.stringify(given.guild)}`);
    }
  }
}
console.log(`${guilds} guilds, ${answers} answers, ${wrong} differ`);
process.exit(wrong > 0 ? 1 : 0);

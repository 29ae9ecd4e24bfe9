// Where Discord's description is narrower than Discord: `on` matches the operation and side, `path` the place.
// A gap that nothing needs any more can go.
export const GAPS = [
  // The documentation and Discord write these codes as text (`BASE_TYPE_REQUIRED`), the description says number.
  { on: /answer 4\d\d$/, path: /^errors\..*_errors/ },
  // Foreign clients send what belongs to creating a message with an edit too; Discord passes it over.
  { on: /^PATCH .*\/messages\/.* request$/, path: /^(tts|nonce|enforce_nonce)$/ },
  { on: /^POST \/(interactions|webhooks)\/.* request$/, path: /^(data\.)?(tts|nonce|enforce_nonce)$/ },
  // discord.py sends each embed's flags, which it only ever reads.
  { on: /^(POST|PATCH) .* request$/, path: /^(data\.)?embeds\.\d+\.flags$/ },
  // Documented for commands of a guild, and described only for global ones.
  { on: /\/guilds\/\{guild_id\}\/commands.* request$/, path: /(^|\.)nsfw$/ },
];

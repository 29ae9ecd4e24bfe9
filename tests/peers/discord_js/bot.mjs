// A bot on stock discord.js. Only its base address differs from one that runs against Discord.
// It prints one JSON line for each thing that it did or saw; the member's side drives it.
import {
  ActionRowBuilder, ApplicationCommandType, AttachmentBuilder, ButtonBuilder, ButtonStyle, ChannelSelectMenuBuilder,
  ChannelType, CheckboxBuilder, CheckboxGroupBuilder, CheckboxGroupOptionBuilder, Client, ContextMenuCommandBuilder, DiscordAPIError,
  EmbedBuilder, Events, FileUploadBuilder, GatewayIntentBits, LabelBuilder, MentionableSelectMenuBuilder,
  MessageFlags, ModalBuilder, RadioGroupBuilder, RadioGroupOptionBuilder, RoleSelectMenuBuilder, Routes, SlashCommandBuilder,
  StringSelectMenuBuilder, TextDisplayBuilder, TextInputBuilder, TextInputStyle, UserSelectMenuBuilder, ContainerBuilder,
} from 'discord.js';

const { BASE, GUILD, TOKEN } = process.env;
if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(BASE ?? '')) throw new Error('BASE must be on loopback');
const say = (step, data = {}) => console.log(JSON.stringify({ step, ...data }));
const fail = error => { say('failed', { error: `${error?.stack ?? error}` }); process.exit(1); };
process.on('unhandledRejection', fail);
process.on('uncaughtException', fail);

const { Guilds, GuildMembers, GuildMessages, MessageContent } = GatewayIntentBits;
const client = new Client({
  intents: [Guilds, GuildMembers, GuildMessages, MessageContent],
  rest: { api: `${BASE}/api` },
});

const options = ['a', 'b', 'c'].map(value => ({ label: value.toUpperCase(), value }));
const radio = options.map(one => new RadioGroupOptionBuilder(one));
const checks = options.map(one => new CheckboxGroupOptionBuilder(one));

const COMMANDS = [
  new SlashCommandBuilder().setName('ping').setDescription('Answers'),
  new SlashCommandBuilder().setName('find').setDescription('Completes')
    .addStringOption(o => o.setName('id').setDescription('which').setRequired(true).setAutocomplete(true))
    .addUserOption(o => o.setName('who').setDescription('whom'))
    .addIntegerOption(o => o.setName('count').setDescription('how many').setMinValue(1).setMaxValue(9)),
  new SlashCommandBuilder().setName('group').setDescription('Nested')
    .addSubcommandGroup(g => g.setName('inner').setDescription('inner')
      .addSubcommand(s => s.setName('leaf').setDescription('leaf').addBooleanOption(o => o.setName('yes').setDescription('yes')))),
  new SlashCommandBuilder().setName('card').setDescription('Posts a card'),
  new SlashCommandBuilder().setName('form').setDescription('Opens a form')
    .addIntegerOption(o => o.setName('page').setDescription('which page').setRequired(true)),
  new SlashCommandBuilder().setName('thread').setDescription('Opens a private thread')
    .addUserOption(o => o.setName('who').setDescription('whom').setRequired(true)),
  new SlashCommandBuilder().setName('file').setDescription('Works with files')
    .addAttachmentOption(o => o.setName('file').setDescription('a file').setRequired(true)),
  new SlashCommandBuilder().setName('closed').setDescription('Tries what it may not')
    .addStringOption(o => o.setName('secret').setDescription('a channel').setRequired(true))
    .addStringOption(o => o.setName('readonly').setDescription('a channel').setRequired(true)),
  new ContextMenuCommandBuilder().setName('Note').setType(ApplicationCommandType.Message),
].map(one => one.toJSON());

client.on(Events.ClientReady, async c => {
  const guild = c.guilds.cache.get(GUILD);
  const registered = await c.rest.put(Routes.applicationGuildCommands(c.application.id, GUILD), { body: COMMANDS });
  const listed = await guild.commands.fetch();
  say('ready', { user: c.user.username, guild: guild.name, members: guild.members.cache.size,
    channels: guild.channels.cache.map(one => one.name).sort(), registered: registered.length, listed: listed.size });
});
client.on(Events.ShardResume, () => say('resumed'));
client.on(Events.MessageCreate, m => { if (!m.author.bot) say('message', { content: m.content, by: m.author.username }); });
client.on(Events.Error, fail);

const form = page => {
  const label = (name, add) => add(new LabelBuilder().setLabel(name).setDescription(`about ${name}`));
  const text = new TextInputBuilder().setCustomId('text').setStyle(TextInputStyle.Paragraph).setMinLength(2);
  const pages = {
    1: [
      label('Text', l => l.setTextInputComponent(text)),
      label('Pick', l => l.setStringSelectMenuComponent(new StringSelectMenuBuilder().setCustomId('pick').setOptions(options).setMaxValues(2))),
      label('User', l => l.setUserSelectMenuComponent(new UserSelectMenuBuilder().setCustomId('user'))),
      label('Role', l => l.setRoleSelectMenuComponent(new RoleSelectMenuBuilder().setCustomId('role'))),
      label('Both', l => l.setMentionableSelectMenuComponent(new MentionableSelectMenuBuilder().setCustomId('both'))),
    ],
    2: [
      label('Channel', l => l.setChannelSelectMenuComponent(new ChannelSelectMenuBuilder().setCustomId('channel'))),
      label('File', l => l.setFileUploadComponent(new FileUploadBuilder().setCustomId('file'))),
      label('Radio', l => l.setRadioGroupComponent(new RadioGroupBuilder().setCustomId('radio').setOptions(radio))),
      label('Checks', l => l.setCheckboxGroupComponent(new CheckboxGroupBuilder().setCustomId('checks').setOptions(checks).setMaxValues(3))),
      label('Check', l => l.setCheckboxComponent(new CheckboxBuilder().setCustomId('check'))),
    ],
  };
  return new ModalBuilder().setCustomId(`form:${page}`).setTitle('A form').addLabelComponents(pages[page]);
};

const names = collection => [...(collection?.values() ?? [])].map(one => one.username ?? one.name ?? one.user?.username);

async function submitted(i) {
  const f = i.fields;
  const values = i.customId === 'form:1'
    ? { text: f.getTextInputValue('text'), pick: f.getStringSelectValues('pick'), user: names(f.getSelectedUsers('user')),
        members: names(f.getSelectedMembers('user')), role: names(f.getSelectedRoles('role')),
        both: [...names(f.getSelectedMentionables('both').users), ...names(f.getSelectedMentionables('both').roles)] }
    : { channel: names(f.getSelectedChannels('channel')), radio: f.getRadioGroup('radio'), checks: f.getCheckboxGroup('checks'),
        check: f.getCheckbox('check'),
        file: await Promise.all([...f.getUploadedFiles('file').values()].map(async one => ({ name: one.name, text: await (await fetch(one.url)).text() }))) };
  say('submitted', values);
  await i.reply({ content: 'taken', flags: MessageFlags.Ephemeral });
}

const card = () => ({
  content: `for <@${client.application.id}>`, allowedMentions: { parse: [] }, nonce: 'card-1', enforceNonce: true,
  embeds: [new EmbedBuilder().setTitle('A card').setDescription('what happened').addFields({ name: 'Device', value: 'LT-7' }).setColor(0xaa0000)],
  components: [
    new ActionRowBuilder().addComponents(
      new ButtonBuilder().setCustomId('claim').setLabel('Claim').setStyle(ButtonStyle.Primary),
      new ButtonBuilder().setURL('https://example.org').setLabel('Source').setStyle(ButtonStyle.Link)),
    new ActionRowBuilder().addComponents(new StringSelectMenuBuilder().setCustomId('m:pick').setOptions(options).setMaxValues(2)),
    new ActionRowBuilder().addComponents(new UserSelectMenuBuilder().setCustomId('m:user')),
    new ActionRowBuilder().addComponents(new RoleSelectMenuBuilder().setCustomId('m:role')),
    new ActionRowBuilder().addComponents(new ChannelSelectMenuBuilder().setCustomId('m:channel').setChannelTypes(ChannelType.GuildText)),
  ],
});

const refusal = async deed => {
  try { await deed(); return 'allowed'; } catch (error) { return { api: error instanceof DiscordAPIError, code: error.code, status: error.status }; }
};

const COMMAND = {
  async ping(i) {
    const shown = await i.reply({ flags: MessageFlags.Ephemeral | MessageFlags.IsComponentsV2, withResponse: true,
      components: [new ContainerBuilder().addTextDisplayComponents(new TextDisplayBuilder().setContent('pong'))] });
    const again = await refusal(() => i.client.rest.post(Routes.interactionCallback(i.id, i.token), { body: { type: 4, data: { content: 'twice' } }, auth: false }));
    const more = await i.followUp({ content: 'more', flags: MessageFlags.Ephemeral });
    const edited = await i.webhook.editMessage(more.id, { content: 'more, edited' });
    const read = await i.fetchReply();
    await i.deleteReply(more.id);
    say('pinged', { message: shown.resource.message.id, same: read.id === shown.resource.message.id, again, edited: edited.content });
  },
  async find(i) {
    say('found', { id: i.options.getString('id'), who: i.options.getUser('who')?.username, count: i.options.getInteger('count') });
    await i.deferReply({ flags: MessageFlags.Ephemeral });
    await i.editReply('found');
  },
  async group(i) {
    say('grouped', { path: [i.commandName, i.options.getSubcommandGroup(), i.options.getSubcommand()], yes: i.options.getBoolean('yes') });
    await i.reply('leaf');
  },
  async card(i) {
    const [first, second] = [await i.channel.send(card()), await i.channel.send(card())];
    say('posted', { same: first.id === second.id, embeds: first.embeds.length, rows: first.components.length });
    await i.reply({ content: first.id, flags: MessageFlags.Ephemeral });
  },
  async form(i) { await i.showModal(form(i.options.getInteger('page'))); },
  async thread(i) {
    await i.deferReply({ flags: MessageFlags.Ephemeral });
    const thread = await i.channel.threads.create({ name: 'INC-1', type: ChannelType.PrivateThread, invitable: false, autoArchiveDuration: 1440, reason: 'a case: ü' });
    await thread.members.add(i.options.getUser('who').id);
    const inside = await thread.send('inside');
    await inside.pin();
    const pins = await thread.messages.fetchPins();
    const members = await thread.members.fetch();
    await thread.sendTyping();
    await thread.setName('INC-1 renamed');
    const under = await inside.channel.messages.fetch({ limit: 10 });
    say('threaded', { id: thread.id, private: thread.type === ChannelType.PrivateThread, invitable: thread.invitable,
      members: members.size, pins: pins.items.length, name: thread.name, messages: under.size });
    await i.editReply(thread.id);
  },
  async file(i) {
    await i.deferReply({ flags: MessageFlags.Ephemeral });
    const given = i.options.getAttachment('file');
    const text = await (await fetch(given.url)).text();
    const sent = await i.channel.send({ files: [new AttachmentBuilder(Buffer.from(text + '!'), { name: 'back.txt', description: 'back' })] });
    const read = await i.channel.messages.fetch({ message: sent.id, force: true });
    const back = read.attachments.first();
    const backText = await (await fetch(back.url)).text();
    const edited = await sent.edit({ content: 'without', attachments: [] });
    await sent.delete();
    const gone = await refusal(() => i.channel.messages.fetch({ message: sent.id, force: true }));
    say('filed', { given: { name: given.name, size: given.size, text }, back: { name: back.name, description: back.description, text: backText },
      edited: { content: edited.content, attachments: edited.attachments.size }, gone });
    await i.editReply('filed');
  },
  async closed(i) {
    await i.deferReply({ flags: MessageFlags.Ephemeral });
    const post = id => () => client.rest.post(Routes.channelMessages(id), { body: { content: 'x' } });
    say('refused', { secret: await refusal(post(i.options.getString('secret'))), readonly: await refusal(post(i.options.getString('readonly'))),
      unknown: await refusal(post('1')), wrong: await refusal(() => i.channel.send({ content: 'x'.repeat(2001) })) });
    await i.editReply('refused');
  },
  async Note(i) {
    say('noted', { content: i.targetMessage.content, by: i.targetMessage.author.username });
    await i.reply({ content: 'noted', flags: MessageFlags.Ephemeral });
  },
};

client.on(Events.InteractionCreate, async i => {
  if (i.isAutocomplete()) {
    const typed = i.options.getFocused();
    return i.respond(['INC-1', 'INC-2'].filter(one => one.startsWith(typed)).map(value => ({ name: value, value })));
  }
  if (i.isCommand()) return COMMAND[i.commandName](i);
  if (i.isModalSubmit()) return submitted(i);
  if (i.isButton()) {
    say('pressed', { by: i.user.username, roles: i.member.roles.cache.map(one => one.name).sort(), on: i.message.embeds[0].title });
    return i.update({ content: `claimed by ${i.user.username}`, components: [] });
  }
  const values = i.isStringSelectMenu() ? i.values : names(i.users ?? i.roles ?? i.channels);
  say('selected', { id: i.customId, values });
  return i.deferUpdate();
});

await client.login(TOKEN);

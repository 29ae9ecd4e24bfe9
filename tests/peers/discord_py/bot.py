"""A bot on stock discord.py. Only its base address differs from one that runs against Discord.

It prints one JSON line for each thing that it did or saw; the member's side drives it.
"""
import asyncio
import io
import json
import os
import re
import sys
import traceback

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

BASE, TOKEN, GUILD = os.environ["BASE"], os.environ["TOKEN"], discord.Object(int(os.environ["GUILD"]))
if not re.fullmatch(r"http://127\.0\.0\.1:\d+", BASE):
    sys.exit("BASE must be on loopback")
Route.BASE = f"{BASE}/api/v10"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(BASE.replace("http", "ws", 1) + "/")


def say(step, **data):
    print(json.dumps({"step": step, **data}), flush=True)


def fail():
    say("failed", error=traceback.format_exc())
    os._exit(1)


class Tree(app_commands.CommandTree):
    async def on_error(self, interaction, error):
        fail()


class Bot(discord.Client):
    def __init__(self):
        super().__init__(intents=discord.Intents(guilds=True, members=True, guild_messages=True, message_content=True))
        self.tree = Tree(self)
        self.registered = 0

    async def setup_hook(self):
        self.registered = len(await self.tree.sync(guild=GUILD))

    async def on_ready(self):
        guild = self.get_guild(GUILD.id)
        listed = await self.tree.fetch_commands(guild=GUILD)
        say("ready", user=self.user.name, guild=guild.name, members=len(guild.members),
            channels=sorted(one.name for one in guild.channels), registered=self.registered, listed=len(listed),
            compression=type(self.ws._decompressor).COMPRESSION_TYPE)

    async def on_resumed(self):
        say("resumed")

    async def on_message(self, message):
        if not message.author.bot:
            say("message", content=message.content, by=message.author.name)

    async def on_error(self, event, *args, **kwargs):
        fail()


bot = Bot()
command = lambda **given: bot.tree.command(guild=GUILD, **given)
OPTIONS = ["a", "b", "c"]
choose = lambda kind: [kind(label=one.upper(), value=one) for one in OPTIONS]


async def refusal(deed):
    try:
        await deed
        return "allowed"
    except discord.HTTPException as error:
        return {"type": type(error).__name__, "code": error.code, "status": error.status}


@command(name="ping", description="Answers")
async def ping(i: discord.Interaction):
    shown = await i.response.send_message("pong", ephemeral=True)
    again = await refusal(i.client.http.request(
        Route("POST", f"/interactions/{i.id}/{i.token}/callback"), json={"type": 4, "data": {"content": "twice"}}))
    more = await i.followup.send("more", ephemeral=True, wait=True)
    edited = await more.edit(content="more, edited")
    read = await i.original_response()
    await more.delete()
    say("pinged", message=str(shown.message_id), same=read.id == shown.message_id, again=again, edited=edited.content)


@command(name="find", description="Completes")
async def find(i: discord.Interaction, id: str, who: discord.User = None, count: app_commands.Range[int, 1, 9] = None):
    say("found", id=id, who=who and who.name, count=count)
    await i.response.defer(ephemeral=True)
    await i.edit_original_response(content="found")


@find.autocomplete("id")
async def complete(i: discord.Interaction, typed: str):
    return [app_commands.Choice(name=one, value=one) for one in ("INC-1", "INC-2") if one.startswith(typed)]


group = app_commands.Group(name="group", description="Nested", guild_ids=[GUILD.id])
inner = app_commands.Group(name="inner", description="inner", parent=group)


@inner.command(name="leaf", description="leaf")
async def leaf(i: discord.Interaction, yes: bool = None):
    say("grouped", path=i.command.qualified_name.split(), yes=yes)
    await i.response.send_message("leaf")


bot.tree.add_command(group)


class Card(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Source", url="https://example.org"))

    @discord.ui.button(label="Claim", custom_id="claim", style=discord.ButtonStyle.primary)
    async def claim(self, i, button):
        say("pressed", by=i.user.name, roles=sorted(one.name for one in i.user.roles), on=i.message.embeds[0].title)
        await i.response.edit_message(content=f"claimed by {i.user.name}", view=None)

    async def picked(self, i, values):
        say("selected", id=i.data["custom_id"], values=values)
        await i.response.defer()

    @discord.ui.select(cls=discord.ui.Select, custom_id="m:pick", options=choose(discord.SelectOption), max_values=2)
    async def pick(self, i, menu):
        await self.picked(i, menu.values)

    @discord.ui.select(cls=discord.ui.UserSelect, custom_id="m:user")
    async def user(self, i, menu):
        await self.picked(i, [one.name for one in menu.values])

    @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="m:role")
    async def role(self, i, menu):
        await self.picked(i, [one.name for one in menu.values])

    @discord.ui.select(cls=discord.ui.ChannelSelect, custom_id="m:channel", channel_types=[discord.ChannelType.text])
    async def channel(self, i, menu):
        await self.picked(i, [one.name for one in menu.values])


@command(name="card", description="Posts a card")
async def card(i: discord.Interaction):
    embed = discord.Embed(title="A card", description="what happened", colour=0xAA0000).add_field(name="Device", value="LT-7")
    post = lambda: i.channel.send(f"for <@{bot.application_id}>", embed=embed, view=Card(), nonce="card-1",
                                  allowed_mentions=discord.AllowedMentions.none())
    first, second = await post(), await post()
    say("posted", same=first.id == second.id, embeds=len(first.embeds), rows=len(first.components))
    await i.response.send_message(str(first.id), ephemeral=True)


class Form(discord.ui.Modal):
    async def on_error(self, interaction, error):
        fail()

    def field(self, name, item):
        self.add_item(discord.ui.Label(text=name, description=f"about {name}", component=item))
        return item


class First(Form, title="A form"):
    def __init__(self):
        super().__init__(custom_id="form:1")
        self.text = self.field("Text", discord.ui.TextInput(custom_id="text", style=discord.TextStyle.paragraph, min_length=2))
        self.pick = self.field("Pick", discord.ui.Select(custom_id="pick", options=choose(discord.SelectOption), max_values=2))
        self.user = self.field("User", discord.ui.UserSelect(custom_id="user"))
        self.role = self.field("Role", discord.ui.RoleSelect(custom_id="role"))
        self.both = self.field("Both", discord.ui.MentionableSelect(custom_id="both"))

    async def on_submit(self, i):
        names = lambda item: [one.name for one in item.values]
        say("submitted", text=self.text.value, pick=self.pick.values, user=names(self.user),
            members=[one.name for one in self.user.values if isinstance(one, discord.Member)],
            role=names(self.role), both=names(self.both))
        await i.response.send_message("taken", ephemeral=True)


class Second(Form, title="A form"):
    def __init__(self):
        super().__init__(custom_id="form:2")
        self.channel = self.field("Channel", discord.ui.ChannelSelect(custom_id="channel"))
        self.file = self.field("File", discord.ui.FileUpload(custom_id="file"))
        self.radio = self.field("Radio", discord.ui.RadioGroup(custom_id="radio", options=choose(discord.RadioGroupOption)))
        self.checks = self.field("Checks", discord.ui.CheckboxGroup(custom_id="checks", options=choose(discord.CheckboxGroupOption), max_values=3))
        self.check = self.field("Check", discord.ui.Checkbox(custom_id="check"))

    async def on_submit(self, i):
        files = [{"name": one.filename, "text": (await one.read()).decode()} for one in self.file.values]
        say("submitted", channel=[one.name for one in self.channel.values], radio=self.radio.value,
            checks=self.checks.values, check=self.check.value, file=files)
        await i.response.send_message("taken", ephemeral=True)


@command(name="form", description="Opens a form")
async def form(i: discord.Interaction, page: int):
    await i.response.send_modal(First() if page == 1 else Second())


@command(name="thread", description="Opens a private thread")
async def thread(i: discord.Interaction, who: discord.User):
    await i.response.defer(ephemeral=True)
    made = await i.channel.create_thread(name="INC-1", type=discord.ChannelType.private_thread, invitable=False,
                                         auto_archive_duration=1440, reason="a case: ü")
    await made.add_user(who)
    inside = await made.send("inside")
    await inside.pin()
    pins = [one async for one in made.pins()]
    members = await made.fetch_members()
    async with made.typing():
        pass
    renamed = await made.edit(name="INC-1 renamed")
    under = [one async for one in made.history(limit=10)]
    say("threaded", id=str(made.id), private=made.is_private(), invitable=made.invitable, members=len(members),
        pins=len(pins), name=renamed.name, messages=len(under))
    await i.edit_original_response(content=str(made.id))


@command(name="file", description="Works with files")
async def file(i: discord.Interaction, file: discord.Attachment):
    await i.response.defer(ephemeral=True)
    text = (await file.read()).decode()
    sent = await i.channel.send(file=discord.File(io.BytesIO((text + "!").encode()), "back.txt", description="back"))
    read = await i.channel.fetch_message(sent.id)
    back = read.attachments[0]
    back_text = (await back.read()).decode()
    edited = await sent.edit(content="without", attachments=[])
    await sent.delete()
    gone = await refusal(i.channel.fetch_message(sent.id))
    say("filed", given={"name": file.filename, "size": file.size, "text": text},
        back={"name": back.filename, "description": back.description, "text": back_text},
        edited={"content": edited.content, "attachments": len(edited.attachments)}, gone=gone)
    await i.edit_original_response(content="filed")


@command(name="closed", description="Tries what it may not")
async def closed(i: discord.Interaction, secret: str, readonly: str):
    await i.response.defer(ephemeral=True)
    post = lambda channel: refusal(bot.get_partial_messageable(int(channel)).send("x"))
    say("refused", secret=await post(secret), readonly=await post(readonly), unknown=await post("1"),
        wrong=await refusal(i.channel.send("x" * 2001)))
    await i.edit_original_response(content="refused")


@bot.tree.context_menu(name="Note", guild=GUILD)
async def note(i: discord.Interaction, message: discord.Message):
    say("noted", content=message.content, by=message.author.name)
    await i.response.send_message("noted", ephemeral=True)


async def main():
    async with bot:
        await bot.start(TOKEN)


try:
    asyncio.run(main())
except Exception:
    fail()

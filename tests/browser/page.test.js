// What Discord's client does, done by the page: every component, command options, failures,
// ephemerals, and bodies that try to break out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bot } from "./bot.js";
import { as, browser, message, panel, run, sandbox } from "./stage.js";

const CHANNEL = "tier1-triage";
let world;
let app;
let chrome;

before(async () => {
  world = await sandbox();
  app = await bot(world.base, world.token);
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  app?.stop();
  await world?.stop();
});

async function open(page) {
  await as(page, world.base, "tier1", CHANNEL);
  return panel(page, app);
}

const write = (member, content) => world.control("POST", `/members/${member}/messages`, { channel: CHANNEL, content });

test("a form is checked as Discord's client does, and sends every kind of value", async () => {
  const page = await chrome.window();
  const shown = await open(page);
  await shown.getByRole("button", { name: "First form" }).click();
  const form = page.getByRole("dialog", { name: "The first form" });
  const submit = form.getByRole("button", { name: "Submit" });
  await submit.waitFor();
  const count = app.seen.length;
  await submit.click();
  assert.equal(await form.getByText("This field is required.").count(), 2);
  await form.getByLabel("Line").fill("ab");
  await submit.click();
  await form.getByText("Use at least 3 characters; there are 2.").waitFor();
  await form.getByLabel("Line").fill("far too long");
  await submit.click();
  await form.getByText("Use at most 8 characters; there are 12.").waitFor();
  assert.equal(app.seen.length, count, "nothing is sent before the form is right");
  await form.getByLabel("Line").fill("words");
  await form.getByLabel("Paragraph").fill("two\nlines");
  await form.getByRole("button", { name: /^List/ }).click();
  await form.getByRole("option", { name: "Option a" }).click();
  await form.getByRole("option", { name: "Option c" }).click();
  await form.getByRole("button", { name: "Done", exact: true }).click();
  await form.getByLabel("Upload").setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("evidence") });
  await submit.click();
  await message(page, /submitted/).waitFor();
  const sent = app.seen.at(-1).data;
  assert.equal(sent.components[1].component.value, "words");
  assert.equal(sent.components[2].component.value, "two\nlines");
  assert.deepEqual(sent.components[3].component.values, ["a", "c"]);
  assert.equal(Object.values(sent.resolved.attachments)[0].filename, "note.txt");

  await shown.getByRole("button", { name: "Second form" }).click();
  const second = page.getByRole("dialog", { name: "The second form" });
  await second.getByRole("radio", { name: "Option b" }).check();
  await second.getByRole("checkbox", { name: "Option a" }).check();
  await second.getByRole("button", { name: "Submit" }).click();
  await second.getByText("Choose 2 options.").waitFor();
  await second.getByRole("checkbox", { name: "Option c" }).check();
  await second.getByRole("checkbox", { name: "Tick" }).check();
  await second.getByRole("button", { name: /^Person/ }).click();
  await second.getByRole("combobox", { name: "Search: Person" }).fill("tier2");
  await second.getByRole("option", { name: /tier2/ }).click();
  await second.getByRole("button", { name: "Submit" }).click();
  await message(page, /submitted.*"radio":"b"/).waitFor();
  await message(page, /"boxes":\["a","c"\],"tick":true/).waitFor();

  await shown.getByRole("button", { name: "Third form" }).click();
  const third = page.getByRole("dialog", { name: "The third form" });
  for (const name of ["Role", "Anyone"]) {
    await third.getByRole("button", { name: new RegExp(`^${name}`) }).click();
    await third.getByRole("combobox", { name: `Search: ${name}` }).fill("hr");
    await third.getByRole("option", { name: /^hr/ }).first().click();
  }
  await third.getByRole("button", { name: "Submit" }).click();
  await message(page, /submitted.*"role":\["\d+"\],"anyone":\["\d+"\]/).waitFor();
  assert.deepEqual(chrome.errors, []);
  await page.close();
});

test("Esc closes a form, and the focus goes back to the button that opened it", async () => {
  const page = await chrome.window();
  const shown = await open(page);
  const opener = shown.getByRole("button", { name: "First form" });
  await opener.click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "First form");
  await page.close();
});

test("every kind of select sends what was picked", async () => {
  const page = await chrome.window();
  const shown = await open(page);
  for (const [name, option] of [["Pick one", /Option b/], ["Pick a member", /^tier2 /], ["Pick a role", /^hr /], ["Pick a channel", /#sealed/]]) {
    await shown.getByRole("button", { name }).click();
    await shown.getByRole("option", { name: option }).click();
    await message(page, /picked select/).waitFor();
    const row = message(page, /picked select/);
    await row.getByRole("button", { name: "Dismiss message" }).click();
    await row.waitFor({ state: "hidden" });
  }
  assert.deepEqual(app.seen.slice(-4).map((one) => one.data.component_type), [3, 5, 6, 8]);
  await page.close();
});

test("a bot that stays silent shows as Discord shows it, after three seconds", async () => {
  const page = await chrome.window();
  const shown = await open(page);
  await shown.getByRole("button", { name: "Silence" }).click();
  await shown.getByText("This interaction failed").waitFor();
  await run(page, "silent");
  await page.getByText("/silent: The application did not respond").waitFor();
  await page.close();
  chrome.errors.splice(0, chrome.errors.length, ...chrome.errors.filter((one) => !one.includes("504")));
});

test("thinking becomes the answer, and an edit shows in place", async () => {
  const [page, other] = [await chrome.window(), await chrome.window()];
  await as(other, world.base, "tier1b", CHANNEL);
  const shown = await open(page);
  await run(page, "think");
  await other.getByText("is thinking…").waitFor();
  await message(other, "A thought").waitFor();
  await shown.getByRole("button", { name: "Change this" }).click();
  await message(other, "Changed").waitFor();
  await Promise.all([page.close(), other.close()]);
});

test("an ephemeral answer is seen by one member only and can be dismissed", async () => {
  const [page, other] = [await chrome.window(), await chrome.window()];
  await as(page, world.base, "tier1", CHANNEL);
  await as(other, world.base, "tier1b", CHANNEL);
  await run(page, "quiet");
  const own = message(page, "A word for you alone");
  await own.getByText("Only you can see this").waitFor();
  await write("tier1", "after it");
  await message(other, "after it").waitFor();
  assert.equal(await other.getByText("A word for you alone").count(), 0);
  await own.getByRole("button", { name: "Dismiss message" }).click();
  await own.waitFor({ state: "hidden" });
  await page.reload();
  await message(page, "after it").waitFor();
  assert.equal(await page.getByText("A word for you alone").count(), 0);
  await Promise.all([page.close(), other.close()]);
});

test("a command's options come one by one, required first, with choices and completion", async () => {
  const page = await chrome.window();
  await as(page, world.base, "tier1", CHANNEL);
  await page.getByRole("textbox", { name: /^Message #/ }).fill("/val");
  await page.getByRole("option", { name: "/set value" }).click();
  const go = page.getByRole("button", { name: "Run /set value" });
  await go.click();
  assert.equal(await page.getByText("This option is required.").count(), 2);
  await page.getByRole("combobox", { name: "key" }).fill("be");
  await page.getByRole("option", { name: "Key beta" }).click();
  await page.getByLabel("count", { exact: true }).fill("12");
  await go.click();
  await page.getByText("At most 9.").waitFor();
  await page.getByLabel("count", { exact: true }).fill("4");
  for (const [name, option] of [["sure", "True"], ["colour", "Blue"], ["who", /^tier2 /]]) {
    await page.getByRole("button", { name: `+ ${name}` }).click();
    await page.getByRole("button", { name: `${name}: Choose` }).click();
    await page.getByRole("option", { name: option }).click();
  }
  await page.getByRole("button", { name: "+ file" }).click();
  await page.getByLabel("file", { exact: true }).setInputFiles({ name: "a.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 255]) });
  await go.click();
  await message(page, /set \[\["key","beta"\],\["count",4\],\["sure",true\],\["colour","b"\],\["who","\d+"\],\["file","\d+"\]\]/).waitFor();
  assert.deepEqual(chrome.errors, []);
  await page.close();
});

test("commands of a message and of its author stand in its menu", async () => {
  const page = await chrome.window();
  await write("tier1b", "remember this");
  await as(page, world.base, "tier1", CHANNEL);
  const row = page.getByRole("article", { name: /^tier1b/ }).last();
  await row.getByText("remember this").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Quote this" }).click();
  await message(page, "quoted: remember this").waitFor();
  await row.getByRole("button", { name: "More for the message from tier1b" }).click();
  await page.getByRole("menuitem", { name: "Greet: tier1b" }).click();
  await message(page, "hello tier1b").waitFor();
  await page.close();
});

const HOSTILE = [
  "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>",
  "[press](javascript:window.broken=3) [data](data:text/html,<script>1</script>)",
  "**<svg onload=window.broken=4>** `</code><script>window.broken=5</script>`",
  "<https://a.example/\"onmouseover=window.broken=6> https://b.example/'%22><b>",
  "||<iframe src=//c.example>|| # <h1 onclick=window.broken=7>",
  "[safe words](https://elsewhere.example/path) @everyone <@&1> <@1> <#1> <t:99999999999999:R>",
  `${"**".repeat(200)}${"||".repeat(200)}${"> ".repeat(200)}${"[".repeat(300)}`,
  "\u202Egnp.exe \u0000 `````` ```js\nunfinished",
];

test("hostile bodies are shown as text, and nothing of them runs or loads", async () => {
  const page = await chrome.window();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await as(page, world.base, "tier1", CHANNEL);
  for (const body of HOSTILE) assert.equal((await write("tier1b", body)).status, 200, body);
  const guild = await world.control("GET", "/guild");
  const channel = guild.body.channels.find((one) => one.name === CHANNEL).id;
  await app.rest("POST", `/channels/${channel}/messages`, {
    embeds: [{ title: HOSTILE[0], url: "https://a.example/", description: HOSTILE[2], fields: [{ name: HOSTILE[1], value: HOSTILE[3] }], footer: { text: HOSTILE[0] }, author: { name: HOSTILE[1] }, image: { url: "https://pictures.example/a.png" } }],
    components: [{ type: 1, components: [{ type: 2, style: 5, label: HOSTILE[0].slice(0, 80), url: "https://a.example/" }] }],
  });
  await message(page, "pictures.example").waitFor();
  assert.equal(await page.evaluate(() => window.broken), undefined);
  const tags = await page.evaluate(() => [...document.querySelectorAll("main script, main iframe, main svg, main img, main object")].length);
  assert.equal(tags, 0);
  const links = await page.evaluate(() => [...document.querySelectorAll("main a")].map((a) => [a.getAttribute("href"), a.rel]));
  assert.ok(links.length > 0);
  for (const [href, rel] of links) {
    assert.match(href, /^https?:\/\//);
    assert.equal(rel, "noopener noreferrer");
  }
  await message(page, "safe words").getByText("(https://elsewhere.example/path)").waitFor();
  const outside = asked.filter((url) => !url.startsWith(world.base) && !url.startsWith("data:"));
  assert.deepEqual(outside, []);
  assert.deepEqual(chrome.errors, []);
  await page.close();
});

test("the page's guards are in its headers, and another origin may not watch", async () => {
  const answer = await fetch(world.base);
  const policy = answer.headers.get("content-security-policy");
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) assert.ok(policy.includes(part), part);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  const { default: WebSocket } = await import("ws");
  const socket = new WebSocket(`${world.base.replace("http", "ws")}/sandbox/members/tier1/stream`, { origin: "http://elsewhere.example" });
  const status = await new Promise((done) => {
    socket.on("unexpected-response", (_, response) => done(response.statusCode));
    socket.on("open", () => done("open"));
    socket.on("error", () => {});
  });
  assert.equal(status, 403);
});

test("markdown looks as in Discord", async () => {
  const page = await chrome.window();
  await as(page, world.base, "tier1", CHANNEL);
  const text = "# Head\n**bold** *lean* __under__ ~~gone~~ ||hidden|| `code`\n> quoted\n- one\n  - two\n1. first\n```\nblock\n```\n<t:1700000000:d> \\*plain\\*";
  await write("tier1b", text);
  const row = message(page, "Head");
  await row.getByRole("heading", { name: "Head" }).waitFor();
  for (const [role, name] of [["strong", "bold"], ["emphasis", "lean"], ["deletion", "gone"], ["blockquote", "quoted"]]) {
    assert.equal(await row.getByRole(role).filter({ hasText: name }).count(), 1, name);
  }
  assert.equal(await row.getByText("hidden", { exact: true }).isVisible(), false);
  await row.getByRole("button", { name: "Spoiler, show" }).click();
  await row.getByText("hidden", { exact: true }).waitFor();
  assert.equal(await row.getByRole("listitem").count(), 3);
  await row.getByText("*plain*").waitFor();
  await page.close();
});

test("a channel that is read once more keeps what it shows, and what is written meanwhile follows", async () => {
  const page = await chrome.window();
  await write("tier1b", "was here");
  let stream;
  await page.routeWebSocket("**/stream", (socket) => {
    socket.connectToServer();
    stream = socket;
  });
  await as(page, world.base, "tier1", CHANNEL);
  await message(page, "was here").waitFor();
  const held = [];
  await page.route("**/view?*", async (route) => {
    const answer = await route.fetch();
    held.push(() => route.fulfill({ response: answer }));
  });
  // A stream that broke greets anew, and the channel is read once more.
  await stream.close();
  for (let turns = 0; turns < 150 && held.length === 0; turns += 1) await page.waitForTimeout(100);
  assert.ok(held.length > 0);
  assert.equal(await message(page, "was here").isVisible(), true);
  await write("tier1b", "came meanwhile");
  for (const answer of held) await answer();
  await message(page, "came meanwhile").waitFor();
  assert.equal(await message(page, "was here").isVisible(), true);
  await page.close();
});

test("a member sees only their channels, and a role that is given shows at once", async () => {
  const page = await chrome.window();
  await page.goto(`${world.base}/?as=outsider`);
  await page.getByText("This member sees no channel.").waitFor();
  await world.control("PUT", "/members/outsider/roles", { roles: ["tier1"] });
  await page.getByRole("link", { name: `#${CHANNEL}` }).waitFor();
  await world.control("PUT", "/members/outsider/roles", { roles: [] });
  await page.getByText("This member sees no channel.").waitFor();
  await page.close();
});

test("what was written elsewhere is marked unread until the channel is opened", async () => {
  const page = await chrome.window();
  await as(page, world.base, "tier1", "sealed");
  await write("tier1b", "over there");
  const link = page.getByRole("link", { name: `#${CHANNEL} unread` });
  await link.click();
  await message(page, "over there").waitFor();
  await page.getByRole("link", { name: "#sealed" }).click();
  await page.getByRole("heading", { level: 2, name: "#sealed" }).waitFor();
  assert.equal(await link.count(), 0);
  await page.close();
});

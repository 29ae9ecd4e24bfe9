// For everyone: screen readers (axe-core), light and dark, a narrow window, 200 % zoom; and fast
// with 5,000 messages. Figures are printed, not judged: a busy machine is no defect.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { bot } from "./bot.js";
import { as, browser, message, panel, sandbox } from "./stage.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const CHANNEL = "tier1-triage";
const MANY = 5000;
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

const write = (content) => world.control("POST", "/members/tier1b/messages", { channel: CHANNEL, content });

/** What axe calls serious or critical, by rule and element. Its script is put in past the page's policy. */
async function violations(page) {
  if (!(await page.evaluate(() => "axe" in window))) {
    const { readFile } = await import("node:fs/promises");
    await page.evaluate(await readFile(AXE, "utf8"));
  }
  return page.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ["violations"] });
    const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
    return grave.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target} ${node.failureSummary}`));
  });
}

async function everything(page) {
  await as(page, world.base, "tier1", CHANNEL);
  await write("**Bold** [masked](https://a.example/) `code` ||spoiler||\n> quote\n- list\n```\nblock\n```");
  const shown = await panel(page, app);
  await page.getByRole("button", { name: "Drill panel" }).click();
  await page.getByText("The bot is connected").waitFor();
  return shown;
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious, ${colorScheme}`, async () => {
    const page = await chrome.window({ colorScheme });
    await page.goto(world.base);
    await page.getByRole("heading", { name: "Who are you?" }).waitFor();
    assert.deepEqual(await violations(page), []);
    const shown = await everything(page);
    assert.deepEqual(await violations(page), []);
    await shown.getByRole("button", { name: "Pick one" }).click();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press("Escape");
    for (const name of ["First form", "Second form"]) {
      await shown.getByRole("button", { name }).click();
      const form = page.getByRole("dialog");
      await form.getByRole("button", { name: "Submit" }).click();
      assert.deepEqual(await violations(page), []);
      await form.getByRole("button", { name: "Cancel" }).click();
    }
    await page.getByRole("textbox", { name: /^Message #/ }).fill("/");
    await page.getByRole("option", { name: /^\/set value/ }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole("option", { name: /^\/set value/ }).click();
    await page.getByRole("button", { name: "Run /set value" }).click();
    assert.deepEqual(await violations(page), []);
    await page.close();
  });
}

/** Things that stick out to the right. */
const wide = (page) =>
  page.evaluate(() => {
    const scrolls = (el) => el.scrollWidth > el.clientWidth + 1 && !["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(el).overflowX);
    const page = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
    const box = document.querySelector("#messages");
    if (box.scrollWidth > box.clientWidth + 1) page.push("the messages");
    return [...page, ...[...document.querySelectorAll("main, nav, aside, header, dialog")].filter(scrolls).map((el) => el.tagName)];
  });

// 200 % of a window of 1280 by 800 leaves 640 by 400 for the page.
for (const [name, width, height] of [["320 pixels wide", 320, 640], ["200 % zoom", 640, 400]]) {
  test(`nothing scrolls sideways, ${name}`, async () => {
    const page = await chrome.window({ viewport: { width, height } });
    await write(`${"long".repeat(100)} https://a.example/${"path/".repeat(60)}`);
    const shown = await everything(page);
    assert.deepEqual(await wide(page), []);
    await page.getByRole("button", { name: "Drill panel" }).click();
    await shown.getByRole("button", { name: "First form" }).click();
    const form = page.getByRole("dialog");
    assert.deepEqual(await wide(page), []);
    await form.getByRole("button", { name: "Cancel" }).click();
    const channels = page.getByRole("button", { name: "Channels" });
    await channels.click();
    assert.deepEqual(await wide(page), []);
    await page.getByRole("link", { name: "#sealed" }).click();
    await page.getByRole("heading", { level: 2, name: "#sealed" }).waitFor();
    await page.close();
  });
}

test(`${MANY} messages scroll from the newest to the first and back`, async () => {
  const page = await chrome.window();
  for (let at = 0; at < MANY; at += 50) {
    const some = Array.from({ length: Math.min(50, MANY - at) }, (_, more) => `message ${at + more + 1} with **some** words and [a link](https://a.example/${at})`);
    await Promise.all(some.map((text) => world.control("POST", "/members/tier1b/messages", { channel: "sealed", content: text })));
  }
  const began = performance.now();
  await as(page, world.base, "tier1", "sealed");
  await page.getByRole("article").first().waitFor();
  console.log(`opened in ${Math.round(performance.now() - began)} ms`);
  const box = page.getByRole("region", { name: "Messages" });
  await page.evaluate(() => {
    window.frames_seen = [];
    let last = performance.now();
    const frame = (at) => {
      window.frames_seen.push(at - last);
      last = at;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const begins = page.getByText("The channel begins here.");
  await box.hover();
  for (let turns = 0; turns < 2500 && !(await begins.isVisible()); turns += 1) await page.mouse.wheel(0, -1500);
  await begins.waitFor();
  const inPage = await page.getByRole("article").count();
  assert.ok(inPage <= 300, `${inPage} messages in the page at once`);
  const frames = (await page.evaluate(() => window.frames_seen)).sort((a, b) => a - b);
  const share = (part) => Math.round(frames[Math.floor(frames.length * part)] * 10) / 10;
  console.log(`${frames.length} frames while scrolling ${MANY} messages: median ${share(0.5)} ms, 95 % ${share(0.95)} ms, 99 % ${share(0.99)} ms, longest ${Math.round(frames.at(-1))} ms`);
  await page.getByRole("button", { name: "Go to the newest messages" }).click();
  await begins.waitFor({ state: "hidden" });
  await page.close();
});

test("a message is in the page a blink after it was written", async () => {
  const page = await chrome.window();
  await as(page, world.base, "tier1", CHANNEL);
  await page.evaluate(() => {
    window.arrived = {};
    new MutationObserver(() => {
      const text = [...document.querySelectorAll("article")].at(-1)?.textContent ?? "";
      const mark = /blink-\d+/.exec(text)?.[0];
      if (mark) window.arrived[mark] ??= Date.now();
    }).observe(document.querySelector("main"), { childList: true, subtree: true });
  });
  const took = [];
  for (let at = 0; at < 30; at += 1) {
    const began = Date.now();
    await write(`blink-${at}`);
    await message(page, `blink-${at}`).waitFor();
    took.push((await page.evaluate((mark) => window.arrived[mark], `blink-${at}`)) - began);
  }
  took.sort((a, b) => a - b);
  console.log(`from the request to the painted message: median ${took[15]} ms, longest ${took.at(-1)} ms`);
  assert.equal(took.length, 30);
  await page.close();
});

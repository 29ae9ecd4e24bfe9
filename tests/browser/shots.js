// Pictures of the main views, to be looked at: tests/browser/shots FOLDER

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bot } from "./bot.js";
import { as, browser, demo, message, panel, sandbox } from "./stage.js";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: tests/browser/shots FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
let count = 0;
const shot = async (page, name) => {
  count += 1;
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(folder, `${String(count).padStart(2, "0")}-${name}.png`) });
};

const chrome = await browser();

async function story(world) {
  const page = await chrome.window();
  await page.goto(world.base);
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  await shot(page, "who");
  await as(page, world.base, "tier1", "tier1-triage");
  await shot(page, "empty");
  const { incident } = await world.alert();
  await message(page, incident).getByRole("button", { name: "Claim" }).click();
  const own = message(page, "Only you can see this");
  await own.waitFor();
  await shot(page, "claimed");
  await own.getByRole("button", { name: "Escalate" }).click();
  await page.getByRole("dialog").waitFor();
  await shot(page, "form");
  await page.getByRole("dialog").getByRole("button", { name: "Submit" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await message(page, "Still missing").waitFor();
  await shot(page, "review");
  await page.getByRole("textbox", { name: /^Message #/ }).fill("/");
  await shot(page, "commands");
  await page.getByRole("option", { name: /^\/timeline/ }).click();
  await shot(page, "options");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Drill panel" }).click();
  await page.getByText("The bot is connected").waitFor();
  await shot(page, "drill-panel");
  await page.close();
}

async function everything(world, options, name) {
  const page = await chrome.window(options);
  await as(page, world.base, "tier1", "tier1-triage");
  await world.control("POST", "/members/tier1b/messages", {
    channel: "tier1-triage",
    content: "# Heading\n**bold** *lean* __under__ ~~gone~~ ||hidden|| `code` [a link](https://a.example/) <t:1700000000:f>\n> quoted\n- one\n  - two\n```\nblock\n```",
  });
  const shown = await panel(page, app);
  await shot(page, `${name}-components`);
  await shown.getByRole("button", { name: "Pick a member" }).click();
  await shot(page, `${name}-picker`);
  await page.keyboard.press("Escape");
  await shown.getByRole("button", { name: "More for the message from" }).click();
  await shot(page, `${name}-menu`);
  await page.keyboard.press("Escape");
  for (const form of ["First form", "Second form"]) {
    await shown.getByRole("button", { name: form }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Submit" }).click();
    await shot(page, `${name}-${form.split(" ")[0].toLowerCase()}-form`);
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  }
  await page.getByRole("textbox", { name: /^Message #/ }).fill("/set value");
  await page.getByRole("option", { name: /^\/set value/ }).click();
  await page.getByRole("option", { name: "Key alpha" }).waitFor();
  await shot(page, `${name}-completion`);
  await page.getByRole("button", { name: "Cancel" }).click();
  const channels = page.getByRole("button", { name: "Channels", exact: true });
  if (await channels.isVisible()) {
    await channels.click();
    await shot(page, `${name}-channels`);
    await channels.click();
  }
  await page.getByRole("button", { name: "Drill panel" }).click();
  await page.getByText("The bot is connected").waitFor();
  await shot(page, `${name}-drill-panel`);
  await page.close();
}

const whole = await demo();
await story(whole);
await whole.stop();
const alone = await sandbox();
const app = await bot(alone.base, alone.token);
await everything(alone, { colorScheme: "light" }, "light");
await everything(alone, { colorScheme: "dark" }, "dark");
await everything(alone, { viewport: { width: 320, height: 640 } }, "narrow");
await everything(alone, { viewport: { width: 640, height: 400 } }, "zoomed");
app.stop();
await alone.stop();
await chrome.close();
console.log(`${count} pictures in ${folder}`);

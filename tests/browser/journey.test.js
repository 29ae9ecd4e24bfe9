// The whole way, as a person would: from an alert to an accepted handoff, with two members in two
// windows; once by mouse and once by keyboard alone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { as, browser, demo, message } from "./stage.js";

let world;
let chrome;

before(async () => {
  world = await demo();
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await world?.stop();
});

const RECORD = [
  ["Department", "Passports"],
  ["Sensitivity label", "none was set"],
  ["Why not dismissed", "Identity papers went to a chat service"],
];

test("an alert travels to an accepted handoff by mouse", async () => {
  const [triage, investigation] = [await chrome.window(), await chrome.window()];
  await as(triage, world.base, "tier1", "tier1-triage");
  await as(investigation, world.base, "tier2", "tier2-investigation");
  const { incident } = await world.alert();

  await message(triage, incident).getByRole("button", { name: "Claim" }).click();
  await message(triage, "Only you can see this").getByRole("button", { name: "Escalate" }).click();
  const form = triage.getByRole("dialog", { name: /Escalate/ });
  for (const [label, text] of RECORD) await form.getByLabel(label).fill(text);
  for (const one of await form.getByRole("checkbox").all()) await one.check();
  await form.getByRole("button", { name: "Submit" }).click();
  await form.waitFor({ state: "hidden" });

  const review = message(triage, "not sent yet");
  await review.getByText(/sent when you press Submit/).waitFor();
  await review.getByRole("button", { name: "Submit" }).click();

  const offered = message(investigation, incident);
  await offered.getByText(/Identity papers went to a chat service/).waitFor();
  // The whole card with its buttons stands in the window.
  const { height } = await offered.boundingBox();
  assert.ok(height < 620, `the offered card is ${height} high`);
  await offered.getByRole("button", { name: "Accept" }).click();
  await investigation.getByRole("link", { name: new RegExp(`Private thread.*${incident}`) }).click();
  await investigation.getByRole("heading", { level: 2, name: incident }).waitFor();
  assert.deepEqual(chrome.errors, []);
  await Promise.all([triage.close(), investigation.close()]);
});

/** The name of what has the focus, as a screen reader says it. */
const focused = (page) =>
  page.evaluate(() => {
    const el = document.activeElement;
    return el.getAttribute("aria-label") ?? el.labels?.[0]?.innerText ?? el.innerText ?? "";
  });

/** Presses a key until the named control has the focus. */
async function reach(page, name, key = "Tab") {
  for (let presses = 0; presses < 80; presses += 1) {
    if (name.test(await focused(page))) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${name} was not reached with ${key}`);
}

test("an alert travels to an accepted handoff by keyboard alone", async () => {
  const { incident } = await world.alert(new URL("../../templates/samples/purview_dlp_alert_entity_exchange.json", import.meta.url));
  const [triage, investigation] = [await chrome.window(), await chrome.window()];
  for (const [page, member] of [[triage, "tier1"], [investigation, "tier2"]]) {
    await page.goto(world.base);
    await reach(page, new RegExp(`^${member}$`));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: "#" }).waitFor();
  }
  const card = message(triage, incident);
  await card.waitFor();
  await reach(triage, /^Message #tier1-triage/);

  // By command: typed, then its option completed by the bot.
  await triage.keyboard.type("/esc");
  await triage.getByRole("option", { name: /^\/escalate/ }).waitFor();
  await triage.keyboard.press("Enter");
  await triage.getByRole("button", { name: "Run /escalate" }).waitFor();
  await triage.keyboard.type(incident);
  await triage.getByRole("option", { name: incident }).waitFor();
  await triage.keyboard.press("ArrowDown");
  await triage.keyboard.press("Enter");
  await triage.keyboard.press("Enter");
  const form = triage.getByRole("dialog", { name: /Escalate/ });
  await form.waitFor();
  for (const [label, text] of RECORD) {
    await reach(triage, new RegExp(`^${label}`));
    await triage.keyboard.press("Control+A");
    await triage.keyboard.type(text);
  }
  for (const one of await form.getByRole("checkbox").all()) {
    await triage.keyboard.press("Tab");
    await triage.keyboard.press("Space");
    assert(await one.isChecked());
  }
  await reach(triage, /^Submit$/);
  await triage.keyboard.press("Enter");
  await form.waitFor({ state: "hidden" });

  await message(triage, "not sent yet").getByText(/sent when you press Submit/).waitFor();
  await reach(triage, /^Submit, /);
  await triage.keyboard.press("Enter");

  await message(investigation, incident).getByRole("button", { name: "Accept" }).waitFor();
  await reach(investigation, /^Message #tier2/);
  await reach(investigation, /^Accept, /, "Shift+Tab");
  await investigation.keyboard.press("Enter");
  await investigation.getByRole("link", { name: new RegExp(`Private thread.*${incident}`) }).waitFor();
  assert.deepEqual(chrome.errors, []);
  await Promise.all([triage.close(), investigation.close()]);
});

test("the drill panel sends a sample, writes as a member, moves the clock, breaks and shows requests", async () => {
  const page = await chrome.window();
  await as(page, world.base, "tier1", "tier1-triage");
  await page.getByRole("button", { name: "Drill panel" }).click();
  const panel = page.getByRole("complementary", { name: "Drill panel" });

  await panel.getByLabel("Send to").selectOption("purview");
  assert.match(await panel.getByLabel("Body").inputValue(), /^\s*\{/);
  await panel.getByRole("button", { name: "Send as new" }).click();
  await panel.getByText(/^Taken: status 202 after/).waitFor();
  assert.match(await panel.getByLabel("The answer as it came").innerText(), /"opened"/);
  await panel.getByRole("button", { name: "Send the same again" }).click();
  await panel.getByLabel("The answer as it came").filter({ hasText: /repeat|duplicate|attached/ }).waitFor();
  await panel.getByLabel("Sample").selectOption("Your own");
  await panel.getByLabel("Body").fill("no JSON");
  await panel.getByRole("button", { name: "Send the same again" }).click();
  await panel.getByText(/^Refused: status 400 after/).waitFor();

  await panel.getByLabel("Member", { exact: true }).selectOption("tier1b");
  await panel.getByLabel("Channel", { exact: true }).selectOption("tier1-triage");
  await panel.getByLabel("Text", { exact: true }).fill("a plain word");
  await panel.getByRole("button", { name: "Write" }).click();
  await message(page, "a plain word").waitFor();

  const before = (await world.control("GET", "/clock")).body.now;
  await panel.getByRole("button", { name: "+ 1 hour" }).click();
  await panel.getByText("The clock was moved.").waitFor();
  const moved = Date.parse((await world.control("GET", "/clock")).body.now) - Date.parse(before);
  assert.ok(moved >= 3_600_000, `moved by ${moved} ms`);

  await panel.getByLabel("Fault", { exact: true }).selectOption("The server fails (500)");
  await panel.getByRole("button", { name: "Inject fault" }).click();
  await panel.getByText("The fault waits for its request.").waitFor();
  await panel.getByLabel("Send to").selectOption("defender");
  await panel.getByRole("button", { name: "Send as new" }).click();
  await panel.getByRole("list", { name: /Requests/ }).getByText(/ 500 POST \/channels/).waitFor();
  await panel.getByText(/^A request met the fault, at /).waitFor();

  await panel.getByLabel("Whose roles").selectOption("outsider");
  await panel.getByRole("checkbox", { name: "tier2" }).check();
  await panel.getByRole("button", { name: "Save roles" }).click();
  await panel.getByText("Saved.").waitFor();
  const seen = await world.control("GET", "/members/outsider/view?channel=tier2-investigation");
  assert.equal(seen.status, 200);

  await page.reload();
  await panel.waitFor();
  assert.deepEqual(chrome.errors, []);
  await page.close();
});

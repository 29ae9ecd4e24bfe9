// What every browser test stands on: a demo of its own on free ports, and Chromium windows as
// members. Controls are found by visible text or accessible name only.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const BINARY = process.env.BATON_BINARY ?? join(root, "target", "debug", "baton");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const READY_MS = 60_000;

export const SAMPLE = join(root, "templates", "samples", "purview_dlp_alert_endpoint_web_low.json");

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Runs the program until it is ready; what it said is in the error if it never is. */
async function start(args, data, isReady) {
  const child = spawn(BINARY, [...args, "--data", data], { cwd: data, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes) => {
      said += bytes;
    });
  }
  const until = Date.now() + READY_MS;
  while (!(await isReady(said))) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`${args[0]} did not start:\n${said}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  return async () => {
    child.kill("SIGTERM");
    await new Promise((done) => (child.exitCode === null ? child.once("exit", done) : done()));
    await rm(data, { recursive: true, force: true });
  };
}

const answers = (url) => () =>
  fetch(url)
    .then((answer) => answer.ok)
    .catch(() => false);

const folder = () => mkdtemp(join(tmpdir(), "page-tests-"));

const control = (base) => async (method, path, body) => {
  const answer = await fetch(`${base}/sandbox${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
};

/** The whole demo, without samples. */
export async function demo() {
  const [page, intake, data] = [await freePort(), await freePort(), await folder()];
  const [base, http] = [`http://127.0.0.1:${page}`, `127.0.0.1:${intake}`];
  const args = ["demo", "--empty", "--sandbox", `127.0.0.1:${page}`, "--http", http];
  const stop = await start(args, data, answers(`http://${http}/readyz`));
  return {
    base,
    stop,
    control: control(base),
    alert: async (file = SAMPLE, source = "purview") => {
      const answer = await fetch(`http://${http}/v1/alerts/${source}`, {
        method: "POST",
        headers: { authorization: "Bearer demo", "content-type": "application/json" },
        body: await readFile(file),
      });
      if (answer.status !== 202) throw new Error(`the alert was not taken: ${answer.status}`);
      return (await answer.json()).alerts[0];
    },
  };
}

/** The sandbox alone, for a bot of the tests' own. */
export async function sandbox() {
  const [page, intake, data] = [await freePort(), await freePort(), await folder()];
  const base = `http://127.0.0.1:${page}`;
  const args = ["sandbox", "--listen", `127.0.0.1:${page}`, "--http", `127.0.0.1:${intake}`];
  // It answers before its token is written; then it says how a service is started.
  const stop = await start(args, data, async (said) => said.includes("baton run --config"));
  const token = (await readFile(join(data, "sandbox-token"), "utf8")).trim();
  return { base, stop, token, control: control(base) };
}

/** Chromium with windows as members; whatever the page's console calls an error is collected. */
export async function browser() {
  const chrome = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, headless: true });
  const errors = [];
  return {
    errors,
    /** A window of its own, as on another person's machine. */
    window: async (options = {}) => {
      const context = await chrome.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (line) => line.type() === "error" && errors.push(line.text()));
      page.on("dialog", (dialog) => {
        errors.push(`a dialog: ${dialog.message()}`);
        dialog.dismiss();
      });
      return page;
    },
    close: () => chrome.close(),
  };
}

/** The page as a member, in a channel. */
export async function as(page, base, member, channel) {
  await page.goto(`${base}/?as=${member}${channel ? `&channel=${channel}` : ""}`);
  await page.getByRole("heading", { level: 2, name: channel ? `#${channel}` : "#" }).waitFor();
}

/** The newest message whose text holds the words. */
export const message = (page, words) => page.getByRole("article").filter({ hasText: words }).last();

/** Runs a command that needs no option. */
export async function run(page, name) {
  await page.getByRole("textbox", { name: /^Message #/ }).fill(`/${name}`);
  await page.getByRole("option", { name: new RegExp(`^/${name} `) }).click();
  await page.getByRole("button", { name: `Run /${name}` }).click();
}

/** A new message of the tests' bot with every component; older ones may stand above it. */
export async function panel(page, app) {
  const count = app.seen.filter((one) => one.data.name === "panel").length + 1;
  await run(page, "panel");
  const shown = message(page, `Every component, panel ${count}.`);
  await shown.waitFor();
  return shown;
}

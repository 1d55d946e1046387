// Chromium driven by hand: a page that remembers what went wrong in it, and the numbers behind it over REST.
import { deepStrictEqual } from "node:assert";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

export const settings = {
  url: process.env.URL ?? "",
  login: process.env.LOGIN ?? "",
  token: process.env.TOKEN ?? "",
  model: process.env.MODEL ?? "builtin:scribe",
  shots: process.env.SHOTS ?? "",
  chromium: process.env.NEURONSCOPE_CHROMIUM ?? "/usr/bin/chromium",
  python: process.env.PYTHON ?? "python3",
  /** Seconds that a step may wait; more on a machine that others use too. */
  patience: Number(process.env.PATIENCE ?? 30),
};

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launch() {
  if (!settings.url || !settings.login || !settings.token)
    throw new Error("Set URL, LOGIN (a link that opens a session) and TOKEN (for REST) of a running server.");
  if (!existsSync(settings.chromium)) throw new Error(`There is no Chromium at ${settings.chromium}.`);
  return chromium.launch({ executablePath: settings.chromium, args: FLAGS });
}

/** A page whose `troubles` list console errors, page errors and refused or failed requests. */
export async function open(context, address) {
  const page = await context.newPage();
  page.setDefaultTimeout(1000 * settings.patience);
  const troubles = [];
  page.on("console", (message) => {
    // What software WebGL says of its own speed when a picture is taken is no fault of the page.
    if (/GL Driver Message|GPU stall/.test(message.text())) return;
    if (["error", "warning"].includes(message.type())) troubles.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`page error: ${error.message}`));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    if (reason !== "net::ERR_ABORTED") troubles.push(`request failed: ${request.url()} ${reason}`);
  });
  page.on("request", (request) => {
    const { origin, protocol } = new globalThis.URL(request.url());
    if (protocol.startsWith("http") && origin !== new globalThis.URL(settings.url).origin)
      troubles.push(`left the server: ${request.url()}`);
  });
  page.troubles = troubles;
  await page.goto(address, { waitUntil: "load" });
  return page;
}

/** Asks the server itself, past the page. */
export async function rest(path, body) {
  const response = await fetch(`${settings.url}/api/v1${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${settings.token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${answer.detail}`);
  return answer;
}

/** Values of a slice, flat in row-major order. */
export async function values(digest, variable, fixed = {}) {
  const query = new URLSearchParams({ variable, ...fixed });
  const answer = await rest(`/results/${digest}/values?${query}`);
  return { axes: answer.axes, shape: answer.shape, flat: [answer.values].flat(Infinity) };
}

/** Colours of the two themes, read from the file that the page was built from. */
export function themes() {
  const text = readFileSync(join(here, "../src/words.gen.ts"), "utf8");
  const [, table] = /export const THEMES = ([\s\S]*?) as const;/.exec(text);
  return new Function(`return ${table}`)();
}

/** Serious findings of axe on the page as it stands. */
export async function axe(page) {
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

export const counts = { passed: 0, failed: 0 };

/** Does one thing that a reader would, and counts whether it held. */
export async function check(name, work) {
  const start = Date.now();
  try {
    await work();
    counts.passed += 1;
    console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    counts.failed += 1;
    const lines = String(error.stack).split("\n").slice(0, 14);
    console.log(`FAILED  ${name}\n        ${lines.join("\n        ").slice(0, 3000)}`);
  }
}

/** Fails where the console or the network complained. */
export function quiet(page) {
  deepStrictEqual(page.troubles, []);
}

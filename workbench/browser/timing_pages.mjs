// Times pages of a running server in headless Chromium and prints JSON. PAGES_ASKED is JSON: {url, token, turns,
// pages: [{name, address, ready}], frames?: {address}}; every turn is a context with nothing in its caches.
import { chromium } from "playwright-core";

const asked = JSON.parse(process.env.PAGES_ASKED);
const origin = new globalThis.URL(asked.url).origin;

/** Notes when an element is there, can be used, and has been drawn. */
function watch(ready) {
  const found = () => {
    const element = document.querySelector(ready);
    return element && !element.matches(":disabled") && element.getClientRects().length > 0;
  };
  const observer = new MutationObserver(() => {
    if (!found()) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      setTimeout(() => {
        globalThis.settled = performance.now();
      });
    });
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true });
}

async function opened(browser, address, ready) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    extraHTTPHeaders: { authorization: `Bearer ${asked.token}` },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const scripts = [];
  const troubles = [];
  page.on("request", (request) => {
    const { pathname } = new globalThis.URL(request.url());
    if (pathname.endsWith(".js")) scripts.push(pathname);
  });
  page.on("pageerror", (error) => troubles.push(error.message));
  await page.addInitScript(watch, ready);
  await page.goto(`${origin}${address}`, { waitUntil: "commit" });
  await page.waitForFunction(() => "settled" in globalThis, null, { polling: 50 });
  const ms = await page.evaluate(() => globalThis.settled);
  return { context, page, ms, scripts: [...scripts], troubles };
}

/** Seconds of the processor that all processes of the browser have used. */
async function used(session) {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

async function paint(browser, { name, address, ready }) {
  const session = await browser.newBrowserCDPSession();
  const turns = [];
  const processor = [];
  let seen = { scripts: [], troubles: [] };
  for (let turn = 0; turn < asked.turns; turn += 1) {
    const before = await used(session);
    seen = await opened(browser, address, ready);
    turns.push(seen.ms);
    processor.push((await used(session)) - before);
    await seen.context.close();
  }
  return { name, ms: turns, processor, scripts: seen.scripts, troubles: seen.troubles };
}

/** A stored stream replayed by the page: from asking for its frames until the panel says that it ended. */
async function ingest(browser, { address }) {
  const turns = [];
  for (let turn = 0; turn < asked.turns; turn += 1) {
    const { context, page, ms } = await opened(browser, address, ".stream[data-phase=ended]");
    const frames = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter(({ name }) => name.includes("/frames"))
        .map(({ startTime, responseEnd, decodedBodySize }) => ({ startTime, responseEnd, decodedBodySize })),
    );
    const tokens = await page.locator(".stream-token").count();
    const [{ startTime, responseEnd, decodedBodySize }] = frames;
    turns.push({
      tokens,
      seconds: (ms - startTime) / 1000,
      received: (responseEnd - startTime) / 1000,
      decodedBodySize,
    });
    await context.close();
  }
  return turns;
}

const browser = await chromium.launch({
  executablePath: process.env.NEURONSCOPE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const pages = [];
  for (const page of asked.pages) pages.push(await paint(browser, page));
  const frames = asked.frames ? await ingest(browser, asked.frames) : null;
  console.log(JSON.stringify({ browser: `Chromium ${browser.version()}`, pages, frames }));
} finally {
  await browser.close();
}

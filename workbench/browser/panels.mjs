// Every panel of every page: it fills the screen, opens alone, goes into a frame, and its address is copied.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { check, open, quiet, rest, settings } from "./driver.mjs";

const model = "builtin:scribe";
const PAIR = {
  model,
  prompt: "When Mary and John went to the shop, John gave a drink to",
  corrupt: "When Mary and John went to the shop, Mary gave a drink to",
  target: " Mary",
  distractor: " John",
};

export async function panels(context) {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: settings.url });
  const lens = await rest("/analyses/logit_lens?wait=60", { model, prompt: PAIR.prompt });
  const ways = {
    Home: ["/"],
    Lab: ["/lab", { ...PAIR, live: "1", "analysis.2": "attention_patterns" }],
    "the unit of a neuron": ["/unit", { model, unit: "mlp_act.3.17" }],
    "the unit of a head": ["/unit", { model, unit: "z.2.1", prompt: PAIR.prompt }],
    Atlas: ["/atlas", { model }],
    "patching maps": ["/circuits", { ...PAIR, sites: "z" }],
    paths: ["/circuits", { ...PAIR, view: "paths" }],
    Compare: ["/compare", { model }],
    Results: ["/results", { result: lens.digest }],
    Recipes: ["/recipes"],
    Admin: ["/admin"],
  };
  for (const [name, [path, query]] of Object.entries(ways))
    await check(`panels of ${name}`, () => everyPanel(context, `${path}?${new URLSearchParams(query)}`));
}

const settled = (page) =>
  page.waitForFunction(
    () =>
      document.querySelector("[data-panel]") !== null &&
      document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0,
    null,
    { timeout: 120_000 },
  );

/** Waits until no panel has joined the others for a while, since some come with an answer. */
const gathered = (page) =>
  page.waitForFunction(
    () => {
      const count = document.querySelectorAll("[data-panel]").length;
      const same = globalThis.lastCount === count;
      globalThis.lastCount = count;
      return same;
    },
    null,
    { polling: 1000 },
  );

/** Names in the address of the panels that stand there. */
const standing = (page) => page.$$eval("[data-panel]", (all) => all.map(({ dataset }) => dataset.panel));

async function everyPanel(context, address) {
  const page = await open(context, `${settings.url}${address}`);
  await settled(page);
  await gathered(page);
  const names = await standing(page);
  strictEqual(new Set(names).size, names.length, `two panels of one name: ${names}`);
  for (const name of names) {
    await filled(page, name);
    await alone(page, name, names);
  }
  await framed(page, names[0]);
  quiet(page);
  await page.close();
}

async function item(page, name, words) {
  const menu = page
    .locator(`[data-panel="${name}"] > .panel-head`)
    .getByRole("button", { name: /: export and more$/ });
  await menu.click();
  return page.getByRole("menuitem", { name: words, exact: true });
}

/** Full screen from its menu, and back by Escape. */
async function filled(page, name) {
  await (await item(page, name, "Full screen")).click();
  const panel = page.locator(`[data-panel="${name}"].full`);
  await panel.waitFor();
  const { width, height } = await panel.boundingBox();
  const { innerWidth, innerHeight } = await page.evaluate(() => ({ innerWidth, innerHeight }));
  ok(width >= innerWidth - 40 && height >= innerHeight - 40, `${name} fills ${width} × ${height}`);
  await page.locator("body").press("Escape");
  await page.waitForFunction(() => document.querySelector(".panel.full") === null);
}

/** The address of "Open alone" shows this panel and no other; its menu leads back to the whole page. */
async function alone(page, name, names) {
  const link = await item(page, name, "Open alone");
  const address = new globalThis.URL(await link.getAttribute("href"));
  strictEqual(address.searchParams.get("panel"), name);
  await link.press("Escape");
  await link.waitFor({ state: "hidden" });
  await followed(page, address.href);
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll("[data-panel]")].map(({ dataset }) => dataset.panel).join() === wanted,
    name,
  );
  await settled(page);
  await (await item(page, name, "Copy the address")).click();
  strictEqual(await page.evaluate(() => navigator.clipboard.readText()), page.url());
  await (await item(page, name, "Show the whole page")).click();
  await page.waitForFunction(
    (count) => document.querySelectorAll("[data-panel]").length === count,
    names.length,
  );
  deepStrictEqual(await standing(page), names);
  await settled(page);
}

/** Goes to an address of the same page without loading it anew, as the browser's own buttons do. */
async function followed(page, address) {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, address);
}

/** The code that embeds it is a frame in which the panel stands without rail, bar and dock. */
async function framed(page, name) {
  await (await item(page, name, "Copy code that embeds it")).click();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  await page.evaluate((text) => document.body.insertAdjacentHTML("beforeend", text), code);
  const frame = page.frameLocator("iframe[title=NeuronScope]");
  await frame.locator(`[data-panel="${name}"]`).waitFor();
  strictEqual(await frame.locator("[data-panel]").count(), 1);
  strictEqual(await frame.locator(".rail, .top-bar, .dock").count(), 0);
}

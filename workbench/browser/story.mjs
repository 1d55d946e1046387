// One reader's way through: open the model, type, watch it write in 3D, pause, click the brightest neuron, read its
// page, ablate it, see the answer change with its interval, and share the address.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";
import { type } from "./steps.mjs";

const PROMPT = "When Mary and John went to the shop, John gave a drink to";
const SIDE = "[data-panel=stream]";
const VIEW = "[data-panel=brain]";

export async function story(context) {
  await check("story: from a prompt to a shared effect of the brightest neuron", async () => {
    const page = await open(context, `${settings.url}/?model=builtin:scribe`);
    await page.getByRole("link", { name: "Lab" }).click();
    await page.waitForSelector(".analysis-panel");
    await type(page, "prompt", PROMPT);
    const unit = await watched(page);
    await page.locator(`${VIEW} .brain-history a`).click();
    await page.waitForURL(/\/unit\?/);
    const address = new URL(page.url()).searchParams.get("unit");
    strictEqual(address, unit);
    await ablated(page, address);
    await shared(page, address);
    quiet(page);
    await page.close();
  });
}

/** Watches the model write, pauses after the first own token, and clicks the brightest neuron. */
async function watched(page) {
  await page.getByRole("button", { name: "Watch it generate" }).first().click();
  await page.locator(VIEW).getByRole("button", { name: "Watch it generate" }).click();
  const pause = page.locator(SIDE).getByRole("button", { name: "Pause" });
  await pause.waitFor();
  await page.waitForSelector(`${VIEW} .brain-bright`);
  if (await pause.isVisible()) await pause.click().catch(() => undefined);
  const bright = page.locator(`${VIEW} .brain-bright`).first();
  await bright.waitFor();
  const name = await bright.locator("code").textContent();
  await bright.click();
  await page.waitForURL(/sel=layer(%3A|:)\d+(%2C|,)neuron/);
  const history = page.locator(`${VIEW} .brain-history header code`);
  strictEqual(await history.textContent(), name);
  return name;
}

/** Ablates the neuron: on the prompt, beside random ones of its size, and over a task, with its interval. */
async function ablated(page, address) {
  await page.waitForSelector(`h1, h2`);
  const effect = page.locator("[data-panel=ablation] b[data-value]");
  await effect.waitFor({ timeout: 120_000 });
  const words = await page.locator("[data-panel=ablation]").textContent();
  ok(/95 % interval/.test(words), words);
  const answer = await rest("/analyses/component_ablation?wait=60", {
    model: settings.model,
    chosen: address,
    task: "indirect-object",
    n_random: 0,
  });
  const [exact] = (await values(answer.digest, "effect")).flat;
  strictEqual(Number(await effect.getAttribute("data-value")), exact);
  await page.locator("body").press("a");
  await page.locator(".experiment-answer strong").waitFor({ timeout: 120_000 });
  ok(/\d/.test(await page.textContent(".experiment-answer strong")));
  await page.getByRole("link", { name: /Stored as/ }).waitFor();
}

/** The address alone, in another tab, shows the same neuron, effect and selection. */
async function shared(page, address) {
  const seen = await told(page);
  await page.waitForURL(/dock=1/);
  const other = await open(page.context(), page.url());
  await other.locator("[data-panel=ablation] b[data-value]").waitFor({ timeout: 120_000 });
  strictEqual(other.url(), page.url());
  deepStrictEqual(await told(other), seen);
  ok((await other.textContent("main")).includes(address));
  deepStrictEqual(await axe(other), []);
  quiet(other);
  await other.close();
}

async function told(page) {
  return {
    effect: await page.locator("[data-panel=ablation] b[data-value]").getAttribute("data-value"),
    selected: await page.textContent(".selection-chip .mono"),
    prompt: new URL(page.url()).searchParams.get("prompt"),
  };
}

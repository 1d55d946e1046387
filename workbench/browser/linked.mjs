// One selection for all panels: what is pointed at, selected and pinned in one is marked in every other, and in 3D.
// Also the two things that work on every page: the palette, and the list of keys.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { check, open, quiet, rest, settings } from "./driver.mjs";

const model = "builtin:scribe";
const PROMPT = "When Mary and John went to the shop, John gave a drink to";

export async function linked(context) {
  const told = await rest("/analyses/generation?wait=60", {
    model,
    prompt: PROMPT,
    n_tokens: 6,
    patterns: true,
  });
  const query = {
    model,
    prompt: PROMPT,
    live: "1",
    dock: "1",
    "stream.digest": told.digest,
    "stream.at": "13",
    "analysis.2": "attention_patterns",
  };
  const page = await open(context, `${settings.url}/lab?${new URLSearchParams(query)}`);
  await page.waitForSelector("[data-panel=answer] .heat-plot canvas");
  await page.waitForSelector("[data-panel='answer.2'] .heat-plot canvas");
  await page.waitForSelector("[data-panel=brain] .brain-stage[data-drawn]");
  await check("linked: a token pointed at lights up in every panel, and goes dark again", () =>
    pointed(page),
  );
  await check("linked: a token selected by the keys stands in all panels, the bar and the address", () =>
    selected(page),
  );
  await check("linked: a neuron of the stream is marked in 3D, pinned in the dock, and let go", () =>
    pinned(page),
  );
  await check("linked: nothing complained", async () => quiet(page));
  await page.close();
  await check("palette: pages, units, results and actions are found and opened by the keyboard alone", () =>
    palette(context, told.digest),
  );
  await check("keys: ? lists every key on every page, and Escape closes the list", () => listed(context));
}

/** Which panels mark a token of the prompt now. */
async function lit(page) {
  const found = Object.entries(MARKS).map(async ([panel, selector]) => [
    panel,
    await page.locator(selector).count(),
  ]);
  return Object.fromEntries(await Promise.all(found));
}

const MARKS = {
  prompt: "[data-panel=prompt] .strip-column.lit-token",
  lens: "[data-panel=answer] i.lit",
  attention: "[data-panel='answer.2'] i.lit",
  stream: "[data-panel=stream] .stream-token.lit-token",
  solid: "[data-panel=brain] .brain-token.lit-token",
};

async function pointed(page) {
  await page.locator(".strip-column").nth(5).hover();
  await page.waitForSelector("[data-panel=stream] .lit-token");
  const seen = await lit(page);
  for (const [panel, count] of Object.entries(seen)) ok(count >= 1, `${panel} does not light up`);
  strictEqual(await page.locator("[data-panel=stream] .lit-token").getAttribute("data-position"), "5");
  await page.locator("[data-panel=stream] .stream-token").nth(2).hover();
  await page.waitForSelector(".strip-column.lit-token[data-position='2']");
  await page.mouse.move(2, 2);
  await page.waitForFunction(() => document.querySelectorAll(".strip-column.lit-token").length === 0);
  const { stream, solid, prompt } = await lit(page);
  deepStrictEqual([prompt, stream, solid], [0, 0, 0]);
}

async function selected(page) {
  await page.focus("[data-panel=answer] .heat-plot");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(/sel=.*position(%3A|:)2/);
  await page.evaluate(() => document.activeElement?.blur());
  await page.waitForSelector(".strip-column.lit-token[data-position='2']");
  ok((await lit(page)).attention >= 1, "the attention map does not show the selected token");
  ok((await page.textContent(".selection-chip")).includes("position 2"));
  ok((await page.textContent(".dock")).includes("position 2"));
  await page.getByRole("button", { name: "Let go of the selection" }).click();
  await page.waitForFunction(() => !new URLSearchParams(location.search).has("sel"));
  strictEqual((await lit(page)).prompt, 0);
}

async function pinned(page) {
  const row = page.locator(".stream-brightest tbody tr").first();
  const name = await row.locator(".row-button").textContent();
  const [layer, neuron] = name.split(".").slice(1);
  const ring = (sort) => page.locator(`.brain-mark[data-mark="${layer}.${neuron}"] .brain-ring.${sort}`);
  await row.hover();
  await ring("hovered").waitFor();
  await row.locator(".row-button").click();
  await ring("selected").waitFor();
  await page
    .locator(".brain-bright[aria-pressed=true], .brain-bright.lit, .brain-history header code")
    .first()
    .waitFor();
  strictEqual(await page.locator(".brain-history header code").textContent(), name);
  await page.locator(".dock").getByRole("button", { name: "Pin" }).click();
  await page.waitForURL(/pins=/);
  await page.getByRole("button", { name: "Let go of the selection" }).click();
  await page.mouse.move(2, 2);
  await ring("pinned").waitFor();
  await page.waitForSelector("[data-panel=stream] .pin.kept");
  await page.getByRole("button", { name: "Let go of this pin" }).click();
  await page.waitForFunction(() => !new URLSearchParams(location.search).has("pins"));
  await page.waitForFunction(() => document.querySelectorAll(".brain-ring").length === 0);
}

async function palette(context, digest) {
  const page = await open(context, `${settings.url}/?model=${model}`);
  await page.waitForSelector(".models tbody tr");
  const find = async (text) => {
    await page.keyboard.press("Control+k");
    const box = page.getByRole("combobox", { name: /^Search/ });
    await box.waitFor();
    await page.keyboard.type(text);
    await page.waitForSelector(".palette [role=option]");
  };
  const best = (text) =>
    page.waitForFunction(
      (words) => document.querySelector(".palette [aria-selected=true]")?.textContent.includes(words),
      text,
    );
  await find("atlas");
  await best("Atlas");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/atlas\?/);
  await find("L3.N17");
  await best("mlp_act.3.17");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/unit\?.*unit=mlp_act\.3\.17/);
  await find(digest.slice(0, 8));
  await best(digest.slice(0, 8));
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/results\\?.*result=${digest}`));
  await find("theme");
  await best("dark theme");
  await page.keyboard.press("Enter");
  await page.waitForURL(/theme=dark/);
  await page.evaluate(() => localStorage.clear());
  quiet(page);
  await page.close();
}

async function listed(context) {
  const page = await open(context, `${settings.url}/`);
  for (const path of ["/", "/circuits", "/results"]) {
    await page.goto(`${settings.url}${path}`);
    await page.waitForSelector("[data-panel]");
    await page.keyboard.press("?");
    await page.waitForSelector("[role=dialog] .keys");
    ok((await page.locator(".keys tr").count()) >= 10);
    await page.keyboard.press("Escape");
    await page.waitForSelector("[role=dialog]", { state: "detached" });
  }
  quiet(page);
  await page.close();
}

// Compare: two sides in step, colours that span both, and a difference that is theirs to the last digit.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";

const PROMPT = "When Mary and John went to the shop, John gave a drink to";
const TWIN = "When Mary and John went to the shop, Mary gave a drink to";
const CHANGE = "z.2.1 scale=0";

const asked = (more) => `/compare?${new URLSearchParams({ model: settings.model, ...more })}`;
const PAIR = { prompt: PROMPT, corrupt: TWIN };

export const shots = [
  { name: "compare-empty", address: asked({}), ready: ".compare-setup" },
  { name: "compare-prompts", address: asked(PAIR), ready: ".difference-drawn canvas" },
  {
    name: "compare-interventions",
    address: asked({
      mode: "interventions",
      do: CHANGE,
      prompt: PROMPT,
      analysis: "attention_patterns",
      "at.pair": "layer:3,head:4",
    }),
    ready: ".difference-drawn canvas",
  },
  {
    name: "compare-methods",
    address: asked({ mode: "methods", prompt: PROMPT, target: " Mary", distractor: " John" }),
    ready: ".difference-drawn .token-text",
  },
];

export const drawn = async (page) => {
  await page.waitForSelector(".difference-drawn");
  await page.waitForFunction(() => document.querySelectorAll(".skeleton").length === 0);
};

/** What the difference panel says it shows. */
export async function shown(page) {
  return page.$eval(".difference-drawn", ({ dataset }) => ({
    digests: dataset.digests.split(" "),
    variable: dataset.variable,
    at: JSON.parse(dataset.at),
  }));
}

/** The table of the difference against values(a) − values(b). */
export async function sameAsRest(page) {
  const panel = page.locator("[data-panel=difference]");
  await panel.getByRole("button", { name: "Table", exact: true }).click();
  await panel.locator("table.data").waitFor();
  const cells = await panel
    .locator("table.data td")
    .evaluateAll((all) => all.map((one) => Number(one.dataset.value)));
  const { digests, variable, at } = await shown(page);
  const [a, b] = await Promise.all(digests.map((digest) => values(digest, variable, at)));
  deepStrictEqual(a.axes, b.axes);
  ok(a.flat.length > 1, "there is nothing to compare");
  deepStrictEqual(
    cells,
    a.flat.map((value, index) => value - b.flat[index]),
  );
  ok(
    cells.some((value) => value !== 0),
    "the two sides do not differ at all",
  );
  await panel.getByRole("button", { name: "Drawing", exact: true }).click();
  await panel.locator(".heat-plot").waitFor();
  return { cells, digests };
}

export const scales = (page, side) =>
  page.$$eval(`[data-panel=side-${side}] .scale-end`, (all) =>
    all.map(({ dataset }) => Number(dataset.value)),
  );

async function prompts(context, theme) {
  const page = await open(context, `${settings.url}${asked({ theme })}`);
  await check(`${theme}: two typed prompts are asked and subtracted`, async () => {
    await page.fill("[name=prompt]", PROMPT);
    await page.fill("[name=corrupt]", TWIN);
    await page.click(".compare-run button.primary");
    await drawn(page);
    const { cells } = await sameAsRest(page);
    const [low, high] = await page.$$eval("[data-panel=difference] .scale-end", (all) =>
      all.map(({ dataset }) => Number(dataset.value)),
    );
    strictEqual(low, -high);
    ok(
      cells.every((value) => Math.abs(value) <= high),
      "a difference lies outside its colours",
    );
    deepStrictEqual(await scales(page, "a"), await scales(page, "b"));
    const words = await page.textContent(".difference-summary");
    ok(/Largest difference .* at depth \d, position \d+ .* correlation/.test(words), words);
  });
  await check(`${theme}: a slider of one side moves both, and the difference`, async () => {
    await page.locator("[data-panel=side-a] .slider input").focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(/at\.pair=rank%3A1/);
    await page.waitForFunction(() =>
      [...document.querySelectorAll("[data-panel^=side-] .drawing")].every(
        ({ dataset }) => JSON.parse(dataset.at).rank === 1,
      ),
    );
    await drawn(page);
    await sameAsRest(page);
  });
  await check(`${theme}: a cell selected on one side is marked on all three`, async () => {
    await page.locator("[data-panel=side-b] .heat-plot").focus();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    await page.waitForURL(/sel=/);
    await page.waitForFunction(() => document.querySelectorAll(".heat-plot .pin").length === 3);
  });
  await check(
    `${theme}: swapped sides give the opposite difference, and the address restores it`,
    async () => {
      const before = await shown(page);
      await page.getByRole("button", { name: "Swap sides" }).click();
      await page.waitForFunction(
        (first) => document.querySelector(".difference-drawn")?.dataset.digests.startsWith(first),
        before.digests[1],
      );
      deepStrictEqual((await shown(page)).digests, before.digests.toReversed());
      await page.waitForURL(/swap=1/);
      await page.reload();
      await drawn(page);
      deepStrictEqual((await shown(page)).digests, before.digests.toReversed());
      strictEqual((await shown(page)).at.rank, 1);
      deepStrictEqual(await axe(page), []);
      quiet(page);
    },
  );
  await page.close();
}

async function others(context) {
  await check("with and without the changes of the dock", async () => {
    const page = await open(context, `${settings.url}${shots[2].address}`);
    await drawn(page);
    await sameAsRest(page);
    strictEqual(await page.textContent("[data-panel=side-a] h2"), `A: ${CHANGE}`);
    quiet(page);
    await page.close();
  });
  await check("two methods of attribution, token by token", async () => {
    const page = await open(context, `${settings.url}${shots[3].address}`);
    await drawn(page);
    const { digests, variable } = await shown(page);
    const [a, b] = await Promise.all(digests.map((digest) => values(digest, variable)));
    const panel = page.locator("[data-panel=difference]");
    await panel.getByRole("button", { name: "Table", exact: true }).click();
    const cells = await panel.locator("td").evaluateAll((all) => all.map((one) => Number(one.dataset.value)));
    deepStrictEqual(
      cells,
      a.flat.flatMap((value, index) => [value, b.flat[index], value - b.flat[index]]),
    );
    quiet(page);
    await page.close();
  });
  await check("two prompts of other lengths have no difference, and one sentence says why", async () => {
    const page = await open(context, `${settings.url}${asked({ prompt: PROMPT, corrupt: "Mary and John" })}`);
    await page.waitForSelector("[data-none]");
    const lengths = [PROMPT, "Mary and John"].map(async (text) => {
      return (await rest("/tokens", { model: settings.model, text })).tokens.length;
    });
    const [a, b] = await Promise.all(lengths);
    const sentence = await page.textContent("[data-none]");
    ok(sentence.startsWith(`A has ${a} positions and B ${b};`), sentence);
    quiet(page);
    await page.close();
  });
  await check("two kept answers are compared by their digests", async () => {
    const page = await open(context, `${settings.url}${asked(PAIR)}`);
    await drawn(page);
    const { digests } = await shown(page);
    await page.goto(`${settings.url}${asked({ mode: "results", a: digests[0], b: digests[1] })}`);
    await drawn(page);
    await sameAsRest(page);
    quiet(page);
    await page.close();
  });
}

async function intervals(context) {
  await check("places whose intervals overlap are counted as REST's intervals say", async () => {
    const args = JSON.stringify({ task: "indirect-object", n_prompts: 4, sites: "z" });
    const query = { mode: "interventions", do: CHANGE, analysis: "activation_patching", args };
    const page = await open(context, `${settings.url}${asked(query)}`);
    await page.waitForSelector("[data-overlapping]");
    await drawn(page);
    const { digests, variable, at } = await sameAsRest(page).then(() => shown(page));
    strictEqual(variable, "effect");
    const ends = digests.flatMap((digest) => ["low", "high"].map((name) => values(digest, name, at)));
    const [lowA, highA, lowB, highB] = (await Promise.all(ends)).map(({ flat }) => flat);
    const overlap = lowA.filter((low, index) => low <= highB[index] && lowB[index] <= highA[index]).length;
    strictEqual(Number(await page.getAttribute("[data-overlapping]", "data-overlapping")), overlap);
    strictEqual(await page.locator("[data-panel^=side-] .sliders input[type=radio]:checked").count(), 2);
    quiet(page);
    await page.close();
  });
}

export async function compare(context) {
  for (const theme of ["light", "dark"]) await prompts(context, theme);
  await others(context);
  await intervals(context);
}

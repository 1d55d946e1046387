// Compare in the modes that need two models, two steps, two methods or a change: in step, exact, and by the keyboard.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";
import { drawn, sameAsRest, scales, shown } from "./compare.mjs";

const LETTERS = "a b c d a b c";
const SENTENCE = "When Mary and John went to the shop, John gave a drink to";
const SEEDS = ["builtin:induction/seed0", "builtin:induction/seed1"];
const SERIES = "builtin:induction/seed0@*";

/** Each mode as an address asks it, and what its two sides are called. */
const MODES = {
  models: {
    query: { mode: "models", model: SEEDS[0], other: SEEDS[1], prompt: LETTERS },
    titles: SEEDS,
  },
  checkpoints: {
    query: {
      mode: "checkpoints",
      model: SEEDS[0],
      series: SERIES,
      "ask.checkpoint_drift": "1",
      "step.a": "0",
      "step.b": "1024",
      prompt: LETTERS,
    },
    titles: ["step 0", "step 1024"],
  },
  interventions: {
    query: { mode: "interventions", model: settings.model, do: "z.2.1 scale=0", prompt: SENTENCE },
    titles: ["z.2.1 scale=0", "untouched"],
  },
};

const at = (query) => `${settings.url}/compare?${new URLSearchParams(query)}`;

export const shots = [
  {
    name: "compare-models",
    address: `/compare?${new URLSearchParams(MODES.models.query)}`,
    ready: ".difference-drawn canvas",
  },
  {
    name: "compare-checkpoints",
    address: `/compare?${new URLSearchParams(MODES.checkpoints.query)}`,
    ready: ".difference-drawn canvas",
  },
];

/** What each side was asked about, by its provenance. */
async function asked(digest) {
  const { provenance } = await rest(`/results/${digest}`);
  return provenance.models.model;
}

async function subtracted(context, name, theme) {
  const { query, titles } = MODES[name];
  await check(
    `${theme}: two ${name}: A less B is what REST's numbers leave, on one scale of colours`,
    async () => {
      const page = await open(context, at({ ...query, theme }));
      await drawn(page);
      await sameAsRest(page);
      deepStrictEqual(
        await page.$$eval("[data-panel^=side-] h2", (all) => all.map((one) => one.textContent)),
        [`A: ${titles[0]}`, `B: ${titles[1]}`],
      );
      const { digests } = await shown(page);
      const models = await Promise.all(digests.map(asked));
      if (name === "interventions")
        deepStrictEqual(
          models.map((one) => one.do ?? []),
          [[query.do], []],
        );
      else ok(models[0].fingerprint !== models[1].fingerprint || models[0].name !== models[1].name);
      deepStrictEqual(await scales(page, "a"), await scales(page, "b"));
      deepStrictEqual(await axe(page), []);
      quiet(page);
      await page.close();
    },
  );
}

async function inStep(context, name) {
  await check(`two ${name} move in step by the keyboard, and the address restores the place`, async () => {
    const page = await open(context, at(MODES[name].query));
    await drawn(page);
    await page.locator("[data-panel=side-a] .slider input").first().focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(/at\.pair=/);
    await page.locator("[data-panel=side-b] .heat-plot").focus();
    for (const key of ["ArrowRight", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    await page.waitForURL(/sel=/);
    await page.waitForFunction(() => document.querySelectorAll(".heat-plot .pin").length === 3);
    await drawn(page);
    const before = await shown(page);
    const places = await page.$$eval("[data-panel^=side-] .drawing", (all) =>
      all.map(({ dataset }) => dataset.at),
    );
    strictEqual(places[0], places[1]);
    const other = await open(context, page.url());
    await drawn(other);
    await other.waitForFunction(() => document.querySelectorAll(".heat-plot .pin").length === 3);
    deepStrictEqual(await shown(other), before);
    strictEqual(other.url(), page.url());
    quiet(other);
    await other.close();
    quiet(page);
    await page.close();
  });
}

/** Two ways of attribution, and how far all of them agree. */
async function methods(context, theme) {
  const query = {
    mode: "methods",
    model: settings.model,
    prompt: SENTENCE,
    target: " Mary",
    distractor: " John",
  };
  await check(
    `${theme}: two other methods are chosen by the keyboard and subtracted token by token`,
    async () => {
      const page = await open(context, at({ ...query, theme }));
      await drawn(page);
      const first = await shown(page);
      const box = page.locator("input[name='method.b']").or(page.getByLabel("Second method")).first();
      await box.focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL(/method\.b=/);
      await page.locator(".compare-run button.primary").focus();
      await page.keyboard.press("Enter");
      await page.waitForURL((address) => !address.searchParams.has("draft"));
      await page.waitForFunction(
        (digests) => {
          const now = document.querySelector(".difference-drawn")?.dataset.digests;
          return now !== undefined && now !== digests;
        },
        first.digests.join(" "),
        { timeout: 60_000 },
      );
      const { digests, variable } = await shown(page);
      const [a, b] = await Promise.all(digests.map((digest) => values(digest, variable)));
      const panel = page.locator("[data-panel=difference]");
      await panel.getByRole("button", { name: "Table", exact: true }).click();
      const cells = await panel
        .locator("td")
        .evaluateAll((all) => all.map((one) => Number(one.dataset.value)));
      deepStrictEqual(
        cells,
        a.flat.flatMap((value, index) => [value, b.flat[index], value - b.flat[index]]),
      );
      deepStrictEqual(await axe(page), []);
      quiet(page);
      await page.close();
    },
  );
}

/** Panels beside the comparison, which are asked for by a button. */
async function beside(context) {
  await check("what stands beside two models is asked by a button and kept in the address", async () => {
    const page = await open(context, at(MODES.models.query));
    await drawn(page);
    const panel = page.locator("[data-panel=prediction_divergence]");
    await panel.getByRole("button", { name: "Ask", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/ask\.prediction_divergence=1/);
    await panel.locator(".drawing[data-digest], .complaint").first().waitFor({ timeout: 90_000 });
    strictEqual(await panel.locator(".complaint").count(), 0);
    const digest = await panel.locator(".drawing").first().getAttribute("data-digest");
    const { models } = (await rest(`/results/${digest}`)).provenance;
    deepStrictEqual([models.model.name, models.other.name], SEEDS);
    quiet(page);
    await page.close();
  });
  await check("the steps of a training are found by a button and moved by a slider", async () => {
    const { "ask.checkpoint_drift": _asked, "step.a": _a, "step.b": _b, ...query } = MODES.checkpoints.query;
    const page = await open(context, at(query));
    await page.getByRole("button", { name: "Find the steps" }).click();
    await page.locator("input[name='step.b']").waitFor({ timeout: 120_000 });
    await page.locator("input[name='step.b']").focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(({ searchParams }) => Number(searchParams.get("step.b") ?? 1024) < 1024);
    strictEqual(new URL(page.url()).searchParams.get("step.a"), "0");
    await page.locator(".compare-run button.primary").click();
    await drawn(page);
    await sameAsRest(page);
    quiet(page);
    await page.close();
  });
}

export async function compare_modes(context) {
  for (const theme of ["light", "dark"]) {
    for (const name of Object.keys(MODES)) await subtracted(context, name, theme);
    await methods(context, theme);
  }
  for (const name of Object.keys(MODES)) await inStep(context, name);
  await beside(context);
}

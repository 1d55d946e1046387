// Drives the unit's page: what it says of a neuron and of a head equals what REST says, and keys go from unit to unit.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";
import { reach } from "./steps.mjs";

const model = settings.model;
const NEURON = "mlp_act.3.17";
const AT = { layer: 3, neuron: 17 };
const PROMPT = "The keys to the cabinet";

function address(query) {
  return `/unit?${new URLSearchParams({ model, ...query })}`;
}

export const shots = [
  { name: "unit-none", address: address({}), ready: ".unit-none .empty" },
  {
    name: "unit-neuron",
    address: address({ unit: NEURON, bands: "top,9", explain: "1" }),
    ready: ".examples",
  },
  { name: "unit-head", address: address({ unit: "z.2.1", prompt: PROMPT }), ready: ".heat-plot canvas" },
  { name: "unit-wrong", address: address({ unit: "mlp_act.9.17" }), ready: ".unit-none .complaint" },
];

async function ask(analysis, given) {
  return rest(`/analyses/${analysis}?wait=60`, { model, ...given });
}

/** Waits until nothing is being asked, so that what is on screen is the answer. */
async function settled(page) {
  await page.waitForFunction(
    () =>
      document.querySelector("h1") !== null &&
      document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0,
  );
}

async function numbersIn(page, selector) {
  return page.$$eval(selector, (all) => all.map(({ dataset }) => Number(dataset.value)));
}

async function aNeuron(context, theme) {
  const record = await ask("neuron_examples", {});
  const page = await open(context, `${settings.url}${address({ unit: NEURON, theme })}`);
  await check(`${theme}: the page of a neuron shows its examples, as REST tells them`, async () => {
    strictEqual(await page.textContent("h1"), NEURON);
    await settled(page);
    const strongest = (await values(record.digest, "top_activation", AT)).flat.filter((one) => one !== null);
    deepStrictEqual(await numbersIn(page, "[data-group=top] .examples > li"), strongest);
    const [around, ids] = await Promise.all(
      ["activation", "token"].map(
        async (name) => (await values(record.digest, name, { ...AT, rank: 0 })).flat,
      ),
    );
    const first = "[data-group=top] .examples > li:first-child .token-text li";
    deepStrictEqual(
      await numbersIn(page, first),
      around.filter((_, place) => ids[place] >= 0),
    );
  });
  await check(
    `${theme}: each tenth opens on the tokens drawn in it, and the address keeps it open`,
    async () => {
      const tenths = (await values(record.digest, "sample_interval", AT)).flat;
      const sample = await values(record.digest, "sample_activation", AT);
      const centre = record.coords.position.values.indexOf(0);
      const drawn = tenths
        .flatMap((tenth, row) => (tenth === 9 ? [sample.flat[row * sample.shape[1] + centre]] : []))
        .toSorted((one, other) => other - one);
      await page.click("[data-group='9'] h3 button");
      await page.waitForFunction(() => location.search.includes("bands=top%2C9"));
      await page.reload();
      await settled(page);
      // JSON knows a −0, a page does not.
      deepStrictEqual(
        await numbersIn(page, "[data-group='9'] .examples > li"),
        drawn.map((one) => one + 0),
      );
      const said = await page.textContent("[data-group='9'] h3");
      ok(said.includes(`${drawn.length} of ${tenths.length} drawn`), said);
    },
  );
  await check(`${theme}: the table behind the histogram counts what REST counts`, async () => {
    const counts = (await values(record.digest, "histogram", AT)).flat.filter((count) => count > 0);
    const panel = page.locator("[data-panel=histogram]");
    deepStrictEqual(
      (
        await panel.locator("rect").evaluateAll((all) => all.map(({ dataset }) => Number(dataset.count)))
      ).filter((count) => count > 0),
      counts,
    );
    await panel.getByRole("button", { name: "Table" }).click();
    deepStrictEqual(await numbersIn(page, "[data-panel=histogram] td"), counts);
    await panel.getByRole("button", { name: "Drawing" }).click();
  });
  return page;
}

function cells(panel, variable) {
  return `[data-panel=${panel}] [data-variable=${variable}]`;
}

async function whatItDoes(page, theme) {
  await check(`${theme}: n-grams, logits, neurons alike and the ablation are REST's`, async () => {
    const { digest: record } = await ask("neuron_examples", {});
    const query = await ask("neuron_query", { record, ...AT });
    deepStrictEqual(
      await numbersIn(page, cells("tokens", "mean_activation")),
      (await values(query.digest, "mean_activation")).flat,
    );
    const logits = await ask("neuron_logits", { neurons: "3.17" });
    const written = (await values(logits.digest, "connection", { item: 0 })).flat;
    const promoted =
      "[data-panel=logits] section:nth-of-type(1) [data-end=Promotes] [data-variable=connection]";
    deepStrictEqual(await numbersIn(page, promoted), written.slice(0, written.length / 2));
    const alike = await ask("correlated_neurons", AT);
    deepStrictEqual(
      await numbersIn(page, cells("similar", "value")),
      (await values(alike.digest, "correlation")).flat,
    );
    const joined = await ask("neuron_connections", { neurons: "3.17", top_k: 10 });
    const sides = (await values(joined.digest, "cosine")).flat;
    deepStrictEqual(await numbersIn(page, cells("weights", "value")), sides);
    const without = await ask("component_ablation", {
      chosen: NEURON,
      task: "indirect-object",
      n_random: 0,
    });
    deepStrictEqual(
      await numbersIn(page, "[data-panel=ablation] b"),
      (await values(without.digest, "effect")).flat,
    );
  });
  await check(`${theme}: an explanation is made only when it is asked for`, async () => {
    strictEqual(await page.locator(".unit-explanation").count(), 0);
    await page.getByRole("button", { name: "Explain it" }).click();
    await page.waitForSelector(".unit-explanation");
    ok((await page.textContent(".unit-explanation")).length > 10);
    ok((await page.textContent("[data-panel=explanation]")).includes("dealt out to other excerpts"));
  });
  await check(`${theme}: axe finds nothing serious on it`, async () => deepStrictEqual(await axe(page), []));
}

async function fromUnitToUnit(page, theme) {
  await check(`${theme}: a note stays with its unit, and keys go to the next and back`, async () => {
    await page.fill("[name=note]", "fires on as");
    await page.locator("h1").click();
    await page.keyboard.press("]");
    await page.waitForFunction(() => document.querySelector("h1").textContent === "mlp_act.3.18");
    await page.waitForFunction(() => location.search.includes("neuron%3A18"));
    strictEqual(await page.inputValue("[name=note]"), "");
    await page.keyboard.press("[");
    await page.waitForFunction(() => document.querySelector("h1").textContent === "mlp_act.3.17");
    strictEqual(await page.inputValue("[name=note]"), "fires on as");
    await page.fill("[name=note]", "");
  });
  await check(`${theme}: an address that the model lacks is answered with what it has`, async () => {
    const { digest } = await ask("neuron_examples", {});
    const { dims } = await rest(`/results/${digest}`);
    await page.fill("[name=unit]", `mlp_act.3.${dims.neuron}`);
    await page.keyboard.press("Enter");
    ok((await page.textContent(".unit-address .complaint")).includes(`neurons 0 to ${dims.neuron - 1}`));
    await page.fill("[name=unit]", `mlp_act.${dims.layer}.0`);
    await page.keyboard.press("Enter");
    ok((await page.textContent(".unit-address .complaint")).includes(`layers 0 to ${dims.layer - 1}`));
    strictEqual(await page.textContent("h1"), NEURON);
  });
  await check(`${theme}: it goes on the stack, and is ablated in the dock`, async () => {
    await page.getByRole("button", { name: "Add to stack" }).click();
    await page.getByRole("menuitem", { name: "set to 0" }).click();
    await page.waitForFunction(() => new URLSearchParams(location.search).get("do") === "mlp_act.3.17 zero");
    await page.getByRole("button", { name: "Ablate here" }).click();
    await page.waitForSelector(".dock .experiment");
    ok((await page.textContent(".dock .experiment")).includes(NEURON));
    ok((await page.textContent(".unit-standing")).includes("without the interventions"));
  });
}

async function aHead(context, theme) {
  const page = await open(context, `${settings.url}${address({ unit: "z.2.1", prompt: PROMPT, theme })}`);
  await check(`${theme}: the page of a head shows its pattern, its sort and its partners`, async () => {
    await settled(page);
    await page.waitForSelector("[data-panel=pattern] canvas");
    const shown = await page.$eval("[data-panel=pattern] .drawing", ({ dataset }) => JSON.parse(dataset.at));
    deepStrictEqual(shown, { layer: 2, head: 1 });
    const sorts = await ask("head_taxonomy", {});
    deepStrictEqual(
      await numbersIn(page, "[data-panel=sorts] [data-variable=score]"),
      (await values(sorts.digest, "score", { layer: 2, head: 1 })).flat,
    );
    const work = await ask("head_composition", {});
    const own = work.coords.item.values.indexOf("2.1");
    const read = (await values(work.digest, "debiased", { site: 0, other: own })).flat;
    const best = Math.max(...read.filter((one) => one !== null));
    strictEqual((await numbersIn(page, "[data-panel=partners] [data-variable=value]"))[0], best);
  });
  await check(`${theme}: a partner opens its own page`, async () => {
    const partner = page.locator("[data-panel=partners] .row-button").first();
    const name = await partner.textContent();
    await partner.click();
    await page.waitForFunction((other) => document.querySelector("h1").textContent === other, name);
    await settled(page);
    deepStrictEqual(await axe(page), []);
  });
  return page;
}

/** From the top of the page to an effect in the dock, without a pointer. */
async function byKeys(context) {
  await check("the keyboard alone finds a unit, reads it, ablates it and lets it go", async () => {
    const page = await open(context, `${settings.url}${address({ task: "indirect-object" })}`);
    await page.waitForSelector(".unit-none .empty");
    await reach(page, "[name=unit]");
    await page.keyboard.type(NEURON);
    await page.keyboard.press("Enter");
    await page.waitForFunction((name) => document.querySelector("h1").textContent === name, NEURON);
    await settled(page);
    await reach(page, "[data-group='9'] h3 button");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-group='9'] .examples > li");
    await page.keyboard.press("a");
    await page.locator(".dock .experiment-answer strong").waitFor({ timeout: 60_000 });
    await page.keyboard.press("d");
    await page.waitForSelector(".dock", { state: "detached" });
    quiet(page);
    await page.close();
  });
}

/** The other theme: what axe and the console say of a neuron and of a head. */
async function inTheDark(context) {
  await check("dark: axe and the console have nothing against either page", async () => {
    for (const name of [NEURON, "z.2.1"]) {
      const page = await open(
        context,
        `${settings.url}${address({ unit: name, prompt: PROMPT, theme: "dark" })}`,
      );
      await settled(page);
      deepStrictEqual(await axe(page), []);
      quiet(page);
      await page.close();
    }
  });
}

/** Drives the page in one theme, and looks at it in the other. */
export async function unit(context) {
  const page = await aNeuron(context, "light");
  await whatItDoes(page, "light");
  await fromUnitToUnit(page, "light");
  const head = await aHead(context, "light");
  await check("light: nothing complained", async () => {
    quiet(page);
    quiet(head);
  });
  await Promise.all([page.close(), head.close()]);
  await byKeys(context);
  await inTheDark(context);
}

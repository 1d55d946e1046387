// Errors: problems by outcome as REST counts them, the neurons that part them, and what changing one does.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";

const TASK = "two-digit-arithmetic";
const N = 40;
const asked = (more) => `/errors?${new URLSearchParams({ model: settings.model, n: N, ...more })}`;
const NEURON = "mlp_act.0.431";

export const shots = [
  { name: "errors-problems", address: asked({}), ready: ".problems" },
  { name: "errors-none-fit", address: asked({ find: "zebra" }), ready: ".errors .empty" },
  {
    name: "errors-neuron",
    address: asked({ outcome: "wrong", foretell: "1", neuron: NEURON, do: `${NEURON} mean`, sweep: "1" }),
    ready: ".errors-dots",
  },
  { name: "errors-no-model", address: "/errors", ready: ".errors .empty" },
];

/** Asks until the answer is there: a slow machine hands back its job first. */
async function ask(analysis, given) {
  for (let turn = 0; turn < 5; turn += 1) {
    const answer = await rest(`/analyses/${analysis}?wait=60`, { model: settings.model, ...given });
    if (answer.digest) return answer;
  }
  throw new Error(`${analysis} was not answered in five minutes`);
}
const evaluation = (more = {}) => ask("task_evaluation", { task: TASK, n_prompts: N, ...more });
const all = async ({ digest }, name) => (await values(digest, name)).flat;

/** Waits until nothing is being asked. */
const settled = (page) =>
  page.waitForFunction(
    () =>
      document.querySelector(".errors") !== null &&
      document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0,
  );

const kept = (page) => page.$eval("[data-kept]", ({ dataset }) => Number(dataset.kept));

async function outcomes(context) {
  const page = await open(context, `${settings.url}${asked({})}`);
  const truth = await evaluation();
  const [correct, prefers] = [await all(truth, "correct"), await all(truth, "prefers_right")];
  const count = (fits) => correct.filter((_, row) => fits(row)).length;
  await check("the share of right answers and each outcome's count are those of REST", async () => {
    await settled(page);
    const share = await page.$eval("[data-accuracy]", ({ dataset }) => Number(dataset.accuracy));
    strictEqual(share, (await all(truth, "accuracy"))[0]);
    const labels = await page.locator(".errors-tools label").allTextContents();
    deepStrictEqual(labels, [
      `All ${N}`,
      `Right ${count((row) => correct[row])}`,
      `Wrong ${count((row) => !correct[row])}`,
      `Prefers right ${count((row) => !correct[row] && prefers[row])}`,
    ]);
  });
  await check("an outcome and words filter the problems, and the address keeps both", async () => {
    await page.getByText(/^Wrong \d/).click();
    const wrong = correct.filter((right) => !right).length;
    await page.waitForFunction(
      (n) => document.querySelector("[data-kept]").dataset.kept === String(n),
      wrong,
    );
    await page.getByLabel("Find among the problems").fill("equals");
    await page.waitForFunction(() =>
      /outcome=wrong.*find=equals|find=equals.*outcome=wrong/.test(location.search),
    );
    const clean = await all(truth, "clean");
    const left = clean.filter((text, row) => !correct[row] && text.includes("equals"));
    await page.reload();
    await settled(page);
    strictEqual(await kept(page), left.length);
    deepStrictEqual(await page.locator(".problems th[scope=row]").allTextContents(), left);
    await page.getByLabel("Find among the problems").fill("zebra");
    await page.waitForSelector(".errors-main .empty");
  });
  await check("a problem opens in the lab as the prompt", async () => {
    await page.goto(`${settings.url}${asked({})}`);
    await settled(page);
    const first = page.locator(".problems th[scope=row] a").first();
    const text = await first.textContent();
    await first.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/lab" && url.searchParams.get("prompt") === text);
  });
  await check("problems: nothing in the console or the network complained", () => quiet(page));
  await page.close();
}

async function neurons(context, theme) {
  const page = await open(
    context,
    `${settings.url}${asked({ theme, foretell: theme === "dark" ? "1" : "" })}`,
  );
  const found = await ask("hard_questions", { task: TASK });
  const addresses = found.coords.address.values;
  await check(
    `${theme}: the neurons that part outcomes are those of REST, with their intervals`,
    async () => {
      await settled(page);
      if (theme === "light") await page.getByRole("button", { name: "Find the neurons" }).click();
      await page.waitForSelector("[data-panel=separating] .ranking");
      const rows = page.locator("[data-panel=separating] tbody tr");
      deepStrictEqual(await rows.locator("th").allTextContents(), addresses.slice(0, 12));
      const seen = await rows
        .locator("[data-variable=alone]")
        .evaluateAll((cells) => cells.map(({ dataset }) => Number(dataset.value)));
      deepStrictEqual(seen, (await all(found, "alone")).slice(0, 12));
    },
  );
  await check(`${theme}: by keyboard, a neuron is chosen and shown by outcome`, async () => {
    await page.locator("[data-panel=separating] .row-button").first().focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      (name) => new URLSearchParams(location.search).get("neuron") === name,
      addresses[0],
    );
    await page.waitForSelector(".errors-dots svg");
    const [sorts, correct] = [await all(found, "sort"), await all(found, "correct")];
    const drawn = sorts.flatMap((sort, row) => (sort.includes("at random") ? [correct[row]] : []));
    const counts = await page.$$eval(".errors-dots [data-group]", (groups) =>
      Object.fromEntries(groups.map(({ dataset }) => [dataset.group, Number(dataset.n)])),
    );
    deepStrictEqual(counts, {
      right: drawn.filter(Boolean).length,
      wrong: drawn.filter((right) => !right).length,
    });
  });
  await check(`${theme}: axe finds nothing serious`, async () => {
    await settled(page);
    deepStrictEqual(await axe(page), []);
  });
  if (theme === "light") await changes(page, addresses[0]);
  await check(`${theme}: nothing in the console or the network complained`, () => quiet(page));
  await page.close();
}

async function changes(page, neuron) {
  const [layer, number] = neuron.split(".").slice(1);
  await check("one click ablates the neuron, and the problems are asked again under it", async () => {
    await page.getByRole("button", { name: "Ablate", exact: true }).click();
    await page.waitForFunction(
      (name) => new URLSearchParams(location.search).get("do") === `${name} mean`,
      neuron,
    );
    const [before, after] = [await evaluation(), await evaluation({ do: [`${neuron} mean`] })];
    const [one, two] = [await all(before, "correct"), await all(after, "correct")];
    await page.waitForSelector("[data-turned]");
    const count = (fits) => one.filter((right, row) => fits(right, two[row])).length;
    strictEqual(
      await page.$eval("[data-turned]", ({ dataset }) => dataset.turned),
      `${count((was, is) => !was && is)} ${count((was, is) => was && !is)}`,
    );
  });
  await check("what the interventions do stands beside it, with its interval", async () => {
    const effect = await ask("intervention_effect", { ops: [`${neuron} mean`], task: TASK, n_prompts: 32 });
    await page.waitForSelector("[data-panel=edited] .drawing");
    strictEqual(
      await page.$eval("[data-panel=edited] .drawing", ({ dataset }) => dataset.digest),
      effect.digest,
    );
    await page.waitForSelector("[data-panel=edited] .band");
  });
  await check("the neuron is turned up and down by a button", async () => {
    await page.getByRole("button", { name: "Turn it up and down" }).click();
    const swept = await ask("neuron_editing_sweep", { task: TASK, neurons: `${layer}.${number}` });
    await page.waitForSelector("[data-panel=sweep] .drawing svg");
    strictEqual(
      await page.$eval("[data-panel=sweep] .drawing", ({ dataset }) => dataset.digest),
      swept.digest,
    );
    ok((await page.locator("[data-panel=sweep] svg .dot").count()) >= 5);
  });
}

export async function errors(context) {
  await outcomes(context);
  for (const theme of ["light", "dark"]) await neurons(context, theme);
}

// The Prompt lab: what is drawn equals what REST says, and an address restores its view.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, themes, values } from "./driver.mjs";
import { question } from "./question.mjs";
import { choose, drawnCells, follow, places, reach, run, table, type } from "./steps.mjs";

const model = settings.model;

/** Every drawn number, in the table and on the canvas, against REST. */
async function sameAsRest(page, theme) {
  const seen = await places(page);
  const told = await values(seen.digest, seen.variable, seen.fixed);
  ok(told.flat.length > 1, "REST gave no slice to compare with");
  const cells = await table(page);
  strictEqual(cells.length, told.flat.length);
  cells.forEach((cell, index) => ok(cell === told.flat[index], `${cell} is not ${told.flat[index]}`));
  const { pixels, expected } = await drawnCells(page, told.flat, themes()[theme]);
  ok(pixels.length === told.flat.length, "the canvas has not one cell a number");
  pixels.forEach((pixel, index) =>
    pixel.forEach((channel, part) => {
      const off = Math.abs(channel - expected[index][part]);
      ok(off <= 2, `cell ${index} is drawn as ${pixel} where its number asks for ${expected[index]}`);
    }),
  );
}

async function threeAnalyses(page, theme, { prompt, twin, answers }) {
  await check(`${theme}: a typed prompt shows the model's own tokens`, async () => {
    await type(page, "prompt", prompt);
    await type(page, "corrupt", twin);
    const { tokens } = await rest("/tokens", { model: settings.model, text: prompt });
    await page.waitForFunction((n) => document.querySelectorAll(".token.clean").length === n, tokens.length);
    const shown = await page.$$eval(".token.clean", (all) => all.map((one) => one.dataset.token));
    deepStrictEqual(
      shown,
      tokens.map(({ text }) => text),
    );
    const other = await rest("/tokens", { model: settings.model, text: twin });
    const differing = tokens.filter(({ id }, position) => id !== other.tokens[position].id).length;
    await page.waitForSelector(".strip-column.differs");
    strictEqual(await page.locator(".strip-column.differs").count(), differing);
  });
  await check(`${theme}: the logit lens is drawn as REST tells it`, async () => {
    await choose(page, "logit_lens");
    await run(page, "logit_lens");
    await sameAsRest(page, theme);
    const words = await table(page, "word");
    const seen = await places(page);
    deepStrictEqual(words, (await values(seen.digest, "candidate", seen.fixed)).flat);
  });
  await check(`${theme}: the next tokens are those of the last depth and position`, async () => {
    const lens = await rest("/analyses/logit_lens?wait=60", {
      model: settings.model,
      prompt,
      top_k: 10,
    });
    const last = { depth: lens.dims.depth - 1, position: lens.dims.position - 1 };
    await page.waitForSelector(".predictions [data-variable=probability]");
    for (const name of ["candidate", "probability"]) {
      const told = (await values(lens.digest, name, last)).flat.map(String);
      const cells = page.locator(`.predictions [data-variable=${name}]`);
      deepStrictEqual(await cells.evaluateAll((all) => all.map((one) => one.dataset.value)), told);
    }
  });
  await check(
    `${theme}: attention is drawn as REST tells it, for the head that the keys choose`,
    async () => {
      await choose(page, "attention_patterns");
      await run(page, "attention_patterns");
      await sameAsRest(page, theme);
      await page.focus(".thumbnail[aria-checked=true]");
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/head%3A1|head:1/);
      await sameAsRest(page, theme);
      await page.focus(".slider input[type=range]");
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/layer%3A1|layer:1/);
      await sameAsRest(page, theme);
    },
  );
  await check(`${theme}: patching is drawn as REST tells it, in both directions`, async () => {
    await choose(page, "activation_patching");
    for (const [name, text] of Object.entries(answers)) await type(page, name, text);
    await run(page, "activation_patching");
    await sameAsRest(page, theme);
    await page.check("input[name=slider-direction] >> nth=1");
    await page.waitForURL(/direction%3A1|direction:1/);
    await sameAsRest(page, theme);
  });
}

async function restoredView(page, theme) {
  await check(`${theme}: a reload of the address gives the same view`, async () => {
    await page.focus(".heat-plot");
    for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    await page.waitForURL(/sel=/);
    await page.waitForSelector(".pinned dd[data-value]");
    await page.focus("h1, .text-button");
    const before = await follow(page);
    const address = page.url();
    await page.goto("about:blank");
    await page.goto(address);
    await page.waitForSelector(".pinned dd[data-value]");
    strictEqual(page.url(), address);
    deepStrictEqual(await follow(page), before);
  });
  await check(`${theme}: nothing was complained about in the console`, async () => quiet(page));
  await check(`${theme}: axe finds nothing serious`, async () => deepStrictEqual(await axe(page), []));
}

/** The other theme: its two scales, and what axe and the console say. */
async function inTheDark(context, { prompt, twin, answers }) {
  await check("dark: both scales are drawn as REST tells them, and nothing is amiss", async () => {
    for (const analysis of ["logit_lens", "activation_patching"]) {
      const query = { theme: "dark", model, prompt, corrupt: twin, ...answers, analysis };
      const page = await open(context, `${settings.url}/lab?${new URLSearchParams(query)}`);
      await page.waitForSelector(`.drawing[data-analysis=${analysis}] canvas`);
      await sameAsRest(page, "dark");
      if (analysis === "logit_lens") deepStrictEqual(await axe(page), []);
      quiet(page);
      await page.close();
    }
  });
}

async function keyboardOnly(page) {
  await check("the keyboard alone asks, moves, pins and reads", async () => {
    await page.goto(`${settings.url}/lab?model=${encodeURIComponent(settings.model)}`);
    await page.waitForSelector(".analysis-panel");
    await page.keyboard.press("/");
    await page.keyboard.type("The keys to the cabinet");
    await page.keyboard.press("Control+Enter");
    await page.waitForSelector(".drawing[data-analysis=logit_lens] canvas");
    await reach(page, ".heat-plot");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    const shown = await page.textContent(".read-out");
    ok(shown.includes("depth 0") && shown.includes("position 1"), shown);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".pinned");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".pinned", { state: "detached" });
    await page.keyboard.press("t");
    await page.waitForSelector("table.data");
    await page.keyboard.press("t");
    await page.waitForSelector(".heat-plot");
    await page.keyboard.press("?");
    await page.waitForSelector("[role=dialog] .keys");
    await page.keyboard.press("Escape");
    await page.waitForSelector("[role=dialog]", { state: "detached" });
    quiet(page);
  });
}

async function cardAndPrompts(page) {
  await check("a common prompt fills the prompt, its twin and the answer", async () => {
    const [first] = await rest("/prompts");
    await page.click("text=Common prompts");
    await page.getByRole("menuitem", { name: first.title }).first().click();
    await page.waitForFunction(
      (text) => document.querySelector("[name=prompt]").value === text,
      first.prompt,
    );
    strictEqual(await page.inputValue("[name=corrupt]"), first.corrupt);
  });
  await check("the model card shows the numbers of the model_card analysis", async () => {
    const card = await rest("/analyses/model_card?wait=60", { model: settings.model });
    await page.click("text=Model card");
    const facts = page.locator("[role=dialog] .facts dt");
    await facts.first().waitFor();
    const names = await facts.allTextContents();
    ok(
      names.includes("layers") && names.every((name) => card.coords.item.values.includes(name)),
      names.join(),
    );
    await page.getByRole("tab", { name: "Equations" }).click();
    const lines = (await values(card.digest, "equation")).flat;
    strictEqual(await page.textContent(".equations"), lines.join("\n"));
    await page.getByRole("tab", { name: "Certificate" }).click();
    const statuses = page.locator("[data-variable=site_status]");
    await statuses.first().waitFor();
    deepStrictEqual(await statuses.allTextContents(), (await values(card.digest, "site_status")).flat);
    await page.keyboard.press("Escape");
    quiet(page);
  });
}

async function otherDoors(page) {
  await check("the code shown is the result's own, and each export of the menu is a file", async () => {
    await page.goto(`${settings.url}/lab?model=${encodeURIComponent(settings.model)}&prompt=The+keys`);
    await page.waitForSelector(".heat-plot canvas");
    const { digest } = await places(page);
    const { code } = await rest(`/results/${digest}`);
    for (const [label, tongue] of Object.entries({
      Python: "python",
      "Command line": "command_line",
      curl: "curl",
    })) {
      await page.locator(".code-panel").getByText(label, { exact: true }).click();
      strictEqual(await page.textContent(`pre[data-tongue=${tongue}]`), code[tongue]);
    }
    await page.locator(".panel.result").getByRole("button", { name: "export and more" }).click();
    await page.waitForSelector(".panel-menu a[download]");
    const links = await page.$$eval(".panel-menu a[download]", (all) => all.map(({ href }) => href));
    strictEqual(links.length, 9);
    for (const link of links) {
      const file = await fetch(link, { headers: { authorization: `Bearer ${settings.token}` } });
      ok(file.ok && (await file.arrayBuffer()).byteLength > 100, `${link}: ${file.status}`);
    }
    await page.keyboard.press("Escape");
    quiet(page);
  });
}

async function jobs(page, { prompt, twin, answers }) {
  await check("a long question streams its progress and is cancelled", async () => {
    const many = "one two three four five six seven eight nine ten ".repeat(12);
    await page.goto(
      `${settings.url}/lab?model=${encodeURIComponent(settings.model)}&analysis=activation_patching`,
    );
    await page.waitForSelector(".analysis-panel");
    for (const [name, text] of Object.entries(answers)) await type(page, name, text);
    await page.fill("[name=prompt]", `${prompt.replace(" to", "")}. ${many}${prompt}`);
    // The twin differs from its first words on, since a cell that changes nothing costs no time.
    await page.fill("[name=corrupt]", `${twin.replace(" to", "")}. ${many}${twin}`);
    await page.click("button.primary");
    await page.waitForFunction(() =>
      /\d+ of \d+/.test(document.querySelector("[data-phase=asking]")?.textContent ?? ""),
    );
    await page.locator(".analysis-panel").getByRole("button", { name: "Cancel" }).click();
    await page.waitForSelector("[data-phase=cancelled]");
    const [last] = (await rest("/jobs")).toSorted((one, other) => other.created.localeCompare(one.created));
    const headers = { authorization: `Bearer ${settings.token}` };
    await (await fetch(`${settings.url}/api/v1/jobs/${last.id}/events`, { headers })).text();
    strictEqual((await rest(`/jobs/${last.id}`)).state, "cancelled");
    quiet(page);
  });
}

async function refusals(context, { prompt }) {
  await check("a refused question shows the server's sentence and loses nothing", async () => {
    const page = await open(context, `${settings.url}/lab?model=${encodeURIComponent(settings.model)}`);
    await type(page, "prompt", prompt);
    await run(page, "logit_lens");
    await type(page, "corrupt", "Much shorter");
    await page.waitForSelector(".strip-foot .warning");
    await choose(page, "activation_patching");
    await page.click("button.primary");
    const sentence = await page.textContent(".analysis-panel .complaint");
    ok(/token/.test(sentence) && !/Traceback/.test(sentence), sentence);
    strictEqual(await page.inputValue("[name=prompt]"), prompt);
    ok(await page.isVisible(".drawing[data-analysis=logit_lens]"));
    await page.fill(".model-box input", "builtin:scrib");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".strips .complaint");
    ok(/builtin:scribe/.test(await page.textContent(".strips .complaint")));
    await page.close();
  });
  await check("a visitor without a session is told about the link", async () => {
    const stranger = await context.browser().newContext();
    const page = await open(stranger, `${settings.url}/lab`);
    await page.waitForSelector(".sign-in");
    ok((await page.textContent(".sign-in")).includes("neuronscope open"));
    await stranger.close();
  });
}

/** Everything that the Prompt lab promises, in one context that is signed in. */
export async function lab(context) {
  const asked = await question();
  const light = await open(context, `${settings.url}/lab?${new URLSearchParams({ theme: "light", model })}`);
  await light.waitForSelector(".analysis-panel");
  await threeAnalyses(light, "light", asked);
  await restoredView(light, "light");
  await light.close();
  await inTheDark(context, asked);
  const page = await open(context, `${settings.url}/`);
  await keyboardOnly(page);
  await cardAndPrompts(page);
  await otherDoors(page);
  if (settings.model.startsWith("builtin:")) await jobs(page, asked);
  await refusals(context, asked);
  await page.close();
}

const asked = (more) => new URLSearchParams({ model: settings.model, ...more });
const PROMPT = "When Mary and John went to the shop, John gave a drink to";
const TWIN = "When Mary and John went to the shop, Mary gave a drink to";

/** The lab's states that are worth a look. */
export const shots = [
  { name: "lab-empty", address: `/lab?${asked()}`, ready: ".analysis-panel" },
  {
    name: "lab-lens",
    address: `/lab?${asked({ prompt: PROMPT, corrupt: TWIN, sel: "depth:4,position:13", dock: "1" })}`,
    ready: ".drawing canvas",
  },
  {
    name: "lab-stack",
    address: `/lab?${asked({ prompt: PROMPT, corrupt: TWIN, analysis: "activation_patching", "analysis.2": "attention_patterns", "at.2": "layer:2,head:1" })}`,
    ready: "[data-panel='answer.2'] .drawing canvas",
  },
  {
    name: "lab-patching",
    address: `/lab?${asked({ prompt: PROMPT, corrupt: TWIN, target: " Mary", distractor: " John", analysis: "activation_patching", args: '{"sites":"z"}', sel: "direction:0,layer:3,head:4" })}`,
    ready: ".drawing canvas",
    act: async (page) => {
      await page.locator("body").press("p");
      await page.waitForSelector(".experiment-answer strong");
    },
  },
];

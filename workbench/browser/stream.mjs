// Drives the stream of the lab: a model writes, is held, steered and stopped; what was kept replays from its address.
import { deepStrictEqual, ok, strictEqual } from "node:assert";

const PANEL = "[data-panel=stream]";
const PROMPT = "The capital of France is";

const at = (settings, more = {}) =>
  `${settings.url}/lab?${new URLSearchParams({ model: settings.model, prompt: PROMPT, live: "1", ...more })}`;

const phase = (page, name) => page.waitForSelector(`${PANEL} .stream[data-phase=${name}]`);
const texts = (page) =>
  page.$$eval(`${PANEL} .stream-token`, (all) => all.map(({ textContent }) => textContent));
const cursor = (page) => page.getAttribute(`${PANEL} .stream-token.at-cursor`, "data-position").then(Number);
const button = (page, name) => page.locator(PANEL).getByRole("button", { name, exact: true });

async function digestOf(page) {
  await page.waitForSelector(`${PANEL} .stream[data-digest]`);
  return page.getAttribute(`${PANEL} .stream`, "data-digest");
}

async function writes(page, { check, rest, values }) {
  await check("stream: the model writes, and what is shown is what the analysis answers", async () => {
    await button(page, "Write").click();
    await phase(page, "ended");
    const digest = await digestOf(page);
    const told = await rest(`/results/${digest}`);
    strictEqual(told.analysis, "generation");
    strictEqual((await texts(page)).length, told.coords.token.values.length);
    const last = told.coords.token.values.length - 1;
    await page.locator(`${PANEL} .stream-token`).nth(last).click();
    const shown = await page.$$eval(`${PANEL} .stream-candidates [data-value]`, (all) =>
      all.map(({ dataset }) => Number(dataset.value)),
    );
    deepStrictEqual(shown, (await values(digest, "probability", { position: last })).flat);
    const asked = await rest(
      "/analyses/generation?wait=60",
      told.provenance.arguments.prompt && {
        model: told.provenance.models.model.name,
        ...told.provenance.arguments,
      },
    );
    strictEqual(asked.digest, digest);
  });
  await check("stream: the brightest neurons are those of the stored activations", async () => {
    const digest = await digestOf(page);
    const position = await cursor(page);
    const { shape, flat } = await values(digest, "activation", { position });
    const scales = (await values(digest, "scale", { position })).flat;
    const sizes = flat.map((step, index) => Math.abs(step * scales[Math.floor(index / shape[1])]));
    const best = Math.max(...sizes);
    const shown = await page.$$eval(`${PANEL} .stream-brightest [data-value]`, (all) =>
      all.map(({ dataset }) => Math.abs(Number(dataset.value))),
    );
    ok(Math.abs((shown[0] ?? 0) - best) < 1e-5 * best, `${shown[0]} is not the largest, ${best}`);
    await page.locator(`${PANEL} .stream-brightest .row-button`).first().click();
    await page.waitForURL(/sel=.*neuron/);
    const name = await page.locator(`${PANEL} .stream-brightest .row-button`).first().textContent();
    const link = page.locator(`${PANEL} .stream-brightest a`).first();
    ok((await link.getAttribute("href")).includes(`unit=${name}`), "the link leads to another unit");
  });
}

async function moves(page, { check, open, quiet }, context) {
  await check("stream: the address alone replays it at the same token, and no model is asked", async () => {
    await page.locator(`${PANEL} .stream-token`).nth(3).click();
    await page.waitForURL(/stream\.at=3/);
    const before = await texts(page);
    const other = await open(context, page.url());
    await phase(other, "ended");
    await other.waitForSelector(`${PANEL} .stream-token.at-cursor[data-position="3"]`);
    deepStrictEqual(await texts(other), before);
    await other.getByText("no model runs").waitFor();
    quiet(other);
    await other.close();
  });
  await check("stream: keys move along the tokens, space plays and holds", async () => {
    await page.locator(`${PANEL} .stream-token`).nth(2).focus();
    await page.keyboard.press("ArrowRight");
    strictEqual(await cursor(page), 4);
    await page.keyboard.press("ArrowLeft");
    strictEqual(await cursor(page), 3);
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("Space");
    await button(page, "Hold").waitFor();
    await page.waitForFunction(
      (panel) => Number(document.querySelector(`${panel} .at-cursor`)?.dataset.position) > 3,
      PANEL,
    );
    await page.keyboard.press("Space");
    await button(page, "Play").waitFor();
  });
  await check("stream: the drawing has its table", async () => {
    await page
      .locator(PANEL)
      .getByRole("button", { name: /export and more/ })
      .click();
    await page.getByRole("menuitem", { name: "Show the table" }).click();
    const cells = await page.locator(`${PANEL} table.data td`).count();
    ok(cells > (await texts(page)).length, "the table has fewer cells than one layer has tokens");
    await page
      .locator(PANEL)
      .getByRole("button", { name: /export and more/ })
      .click();
    await page.getByRole("menuitem", { name: "Show the drawing" }).click();
  });
}

async function held(context, { check, open, settings, quiet }) {
  const page = await open(context, at(settings, { "stream.n": "100" }));
  const length = async (count) => {
    await page.waitForFunction(
      ([panel, n]) => document.querySelectorAll(`${panel} .stream-token`).length === n,
      [PANEL, count],
    );
  };
  await check(
    "stream: it goes on by one token, is let go, held and stopped where it is told to",
    async () => {
      await button(page, "Token by token").click();
      await phase(page, "paused");
      for (let count = 1; count <= 6; count += 1) {
        await button(page, "One token").click();
        await length(count);
      }
      await button(page, "Stop").click();
      await phase(page, "ended");
      await length(6);
      await page.getByText("1 token written, then stopped").waitFor();
      await digestOf(page);
    },
  );
  quiet(page);
  await page.close();
}

async function beside(context, { check, open, settings, quiet }) {
  const stack = "resid_post.2 zero";
  const page = await open(context, at(settings, { do: stack, "stream.both": "1", "stream.n": "8" }));
  await check(
    "stream: with and without the interventions run side by side and part where they must",
    async () => {
      await button(page, "Write").click();
      await phase(page, "ended");
      deepStrictEqual(
        await page.$$eval(`${PANEL} .stream-text h3`, (all) => all.map((one) => one.textContent)),
        ["with interventions", "without interventions"],
      );
      const lines = await page.$$eval(`${PANEL} .stream-line`, (all) =>
        all.map((line) => [...line.children].map(({ textContent }) => textContent)),
      );
      const first = lines[0].findIndex((text, index) => text !== lines[1][index]);
      ok(first >= 5, `the texts part at ${first}, before the change can show`);
      await page.getByText(`The texts part at token ${first}.`).waitFor();
    },
  );
  quiet(page);
  await page.close();
}

export async function stream(context, tools) {
  const { check, open, settings, axe, quiet } = tools;
  const page = await open(context, at(settings));
  await page.waitForSelector(PANEL);
  await check("stream: before anything is written it says what it is for", async () => {
    await page.locator(PANEL).getByText("Write on from the prompt").waitFor();
    strictEqual(await page.locator(`${PANEL} canvas`).count(), 0);
  });
  await writes(page, tools);
  await moves(page, tools, context);
  for (const theme of ["light", "dark"])
    await check(`stream: axe finds nothing serious, ${theme}`, async () => {
      const themed = await open(context, `${page.url()}&theme=${theme}`);
      await phase(themed, "ended");
      deepStrictEqual(await axe(themed), []);
      quiet(themed);
      await themed.close();
    });
  quiet(page);
  await page.close();
  await held(context, tools);
  await beside(context, tools);
}

export const shots = [
  {
    name: "stream-before",
    address: `/lab?${new URLSearchParams({ model: "builtin:scribe", prompt: PROMPT, panel: "stream" })}`,
    ready: `${PANEL} .empty`,
  },
];

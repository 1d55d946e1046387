// Drives the stream of the lab: a model writes, is held, steered and stopped; what was kept replays from its address.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { rest } from "./driver.mjs";
import { reach } from "./steps.mjs";

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

async function writes(page, { check, values }) {
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

/** Waits until the panels below the stream have their answers, so that none is asked for later. */
async function answered(page) {
  await page.waitForSelector("[data-panel=answer] .drawing canvas");
  await page.waitForSelector(".predictions [data-variable=probability]");
}

/** What the server holds of the model. */
async function holds({ model }) {
  return (await rest("/admin/memory")).models.filter((one) => one.model === model);
}

async function moves(page, { check, open, quiet, settings }, context) {
  await check("stream: the address alone replays it at the same token, and no model is asked", async () => {
    await page.locator(`${PANEL} .stream-token`).nth(3).click();
    await page.waitForURL(/stream\.at=3/);
    const before = await texts(page);
    const other = await open(context, page.url());
    await phase(other, "ended");
    await other.waitForSelector(`${PANEL} .stream-token.at-cursor[data-position="3"]`);
    deepStrictEqual(await texts(other), before);
    await other.getByText("no model runs").waitFor();
    await answered(other);
    quiet(other);
    await other.close();
  });
  await check("stream: a recorded one replays on a server that holds no model", async () => {
    await answered(page);
    const own = (await holds(settings)).map(({ model, device, dtype }) => ({ model, device, dtype }));
    for (const place of own) await rest("/admin/memory/close", place);
    const address = new URLSearchParams({ "stream.digest": await digestOf(page), "stream.at": "3" });
    const other = await open(context, `${settings.url}/lab?panel=stream&${address}`);
    await phase(other, "ended");
    deepStrictEqual(await texts(other), await texts(page));
    strictEqual(await cursor(other), 3);
    deepStrictEqual(await holds(settings), []);
    quiet(other);
    await other.close();
  });
  await check("stream: the slider scrubs it, by keys alone, to both ends", async () => {
    const slider = page.locator(PANEL).getByRole("slider", { name: "Token" });
    const last = (await texts(page)).length - 1;
    await slider.focus();
    for (const [key, position] of [
      ["Home", 0],
      ["ArrowRight", 1],
      ["End", last],
      ["ArrowLeft", last - 1],
    ]) {
      await page.keyboard.press(key);
      strictEqual(await cursor(page), position);
    }
    await page.waitForURL(new RegExp(`stream\\.at=${last - 1}`));
    await page.locator(`${PANEL} .stream-token`).nth(3).click();
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

async function steered(context, { check, open, settings, quiet }) {
  const page = await open(context, at(settings, { "stream.n": "40", dock: "1" }));
  await check("stream: what is put on the stack steers it from the next token on, and is kept", async () => {
    await button(page, "Token by token").click();
    await phase(page, "paused");
    const tokens = page.locator(`${PANEL} .stream-token`);
    const until = (count) => tokens.nth(count - 1).waitFor();
    for (let count = 1; count <= 6; count += 1) {
      await button(page, "One token").click();
      await until(count);
    }
    const field = page.getByRole("textbox", { name: "Place and op of a new intervention" });
    await field.fill("resid_post.2 zero");
    await field.press("Enter");
    await button(page, "Steer by the stack").click();
    await page.waitForFunction(
      (panel) =>
        ![...document.querySelectorAll(`${panel} button`)].some((one) =>
          one.textContent.includes("Steer by"),
        ),
      PANEL,
    );
    await button(page, "Go on").click();
    await phase(page, "ended");
    const { attrs, provenance } = await rest(`/results/${await digestOf(page)}`);
    const changes = provenance.arguments.changes ?? attrs.changes;
    ok(/^\d+: resid_post\.2 zero$/.test([changes].flat().join()), JSON.stringify(changes));
    const bare = await rest("/analyses/generation?wait=60", {
      model: settings.model,
      prompt: PROMPT,
      n_tokens: 40,
    });
    const from = Number([changes].flat()[0].split(":")[0]);
    const shown = await texts(page);
    const usual = bare.coords.token.values;
    deepStrictEqual(shown.slice(0, from).map(plain), usual.slice(0, from).map(plain));
    ok(shown.map(plain).join() !== usual.map(plain).join(), "the change changes nothing");
  });
  quiet(page);
  await page.close();
}

/** A token as text without the marks that make its blanks seen. */
const plain = (text) => text.replaceAll(/[·\s\u2423\u21B5]/gu, "");

async function byKeys(context, { check, open, settings, quiet }) {
  await check("stream: the keyboard alone opens it, steps, lets go and goes back", async () => {
    const page = await open(context, at(settings, { live: "" }));
    await page.waitForSelector(".analysis-panel");
    await reach(page, "[data-panel=prompt] button[aria-pressed=false]");
    await page.keyboard.press("Enter");
    await button(page, "Token by token").waitFor();
    await reach(page, `${PANEL} .stream-controls .primary`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await phase(page, "paused");
    // The button that was pressed is now the one that takes the stream on.
    await page.keyboard.press("Enter");
    await page.waitForSelector(`${PANEL} .stream-token`);
    await reach(page, `${PANEL} input[type=range]`);
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("Space");
    await phase(page, "ended");
    const last = (await texts(page)).length - 1;
    ok(last > 5, "Space does not let it go on");
    await reach(page, `${PANEL} input[type=range]`);
    for (const [key, position] of [
      ["Home", 0],
      ["End", last],
    ]) {
      await page.keyboard.press(key);
      strictEqual(await cursor(page), position);
    }
    quiet(page);
    await page.close();
  });
}

async function unkept(context, { check, open, settings, quiet }) {
  await check("stream: one that is not recorded leaves nothing, until it is asked to be kept", async () => {
    const page = await open(context, at(settings, { "stream.n": "5", "stream.seed": "3" }));
    await page.locator(PANEL).getByText("How it writes").click();
    await page.locator(PANEL).getByLabel("Keep as a result").uncheck();
    await page.waitForURL(/stream\.record=0/);
    const before = (await rest("/results")).length;
    await button(page, "Write").click();
    await phase(page, "ended");
    strictEqual((await rest("/results")).length, before);
    await button(page, "Keep as a result").click();
    const link = page.locator(`${PANEL} .stream-kept a`);
    await link.waitFor();
    const kept = await rest(
      `/results/${new globalThis.URL(await link.getAttribute("href"), settings.url).searchParams.get("result")}`,
    );
    deepStrictEqual(kept.coords.token.values.map(plain), (await texts(page)).map(plain));
    quiet(page);
    await page.close();
  });
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
  await steered(context, tools);
  await byKeys(context, tools);
  await unkept(context, tools);
  await beside(context, tools);
}

/** A stream that was kept, looked at where the model wrote; with the 3D view or alone. */
const replayed = (more) => async () => {
  const asked = { model: "builtin:scribe", prompt: STORY, n_tokens: 24, patterns: true };
  const { digest } = await rest("/analyses/generation?wait=60", asked);
  const { model, prompt } = asked;
  return `/lab?${new URLSearchParams({ model, prompt, "stream.digest": digest, "stream.at": "6", ...more })}`;
};
const STORY = "Yesterday";

export const shots = [
  {
    name: "stream-before",
    address: `/lab?${new URLSearchParams({ model: "builtin:scribe", prompt: PROMPT, panel: "stream" })}`,
    ready: `${PANEL} .empty`,
  },
  { name: "stream", address: replayed({ panel: "stream" }), ready: `${PANEL} .stream[data-phase=ended]` },
  {
    name: "lab-live",
    address: replayed({ live: "1", sel: "layer:3,neuron:17" }),
    ready: "[data-panel=brain] .brain-stage[data-drawn]",
  },
  {
    name: "brain-full",
    address: replayed({ panel: "brain", sel: "layer:3,neuron:17" }),
    ready: "[data-panel=brain] .brain-stage[data-drawn]",
  },
];

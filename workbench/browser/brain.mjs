// Drives the living view of the lab: real neurons of a real stream, in 3D and flat, by pointer and by keys.
import { deepStrictEqual, ok, strictEqual } from "node:assert";

const PANEL = "[data-panel=brain]";
const PROMPT = "The capital of France is";

const at = (settings, more = {}) =>
  `${settings.url}/lab?${new URLSearchParams({ model: settings.model, prompt: PROMPT, "stream.n": "12", panel: "brain", ...more })}`;

export const shots = ["", "flat,signed"].map((look) => ({
  name: look ? "brain-flat" : "brain",
  address: `/lab?${new URLSearchParams({ model: "builtin:scribe", prompt: PROMPT, panel: "brain", brain: look })}`,
  ready: `${PANEL} .brain-empty button`,
}));

/** What Chromium says of itself where it shows a WebGL canvas without a graphics card. */
const READ_BACK = "GPU stall due to ReadPixels";

const stage = (page) => page.locator(`${PANEL} .brain-stage`);
const drawn = async (page) => JSON.parse((await stage(page).getAttribute("data-drawn")) ?? "null");
const values = (page, selector) =>
  page.$$eval(`${PANEL} ${selector}`, (all) => all.map(({ dataset }) => Number(dataset.value)));

/** Writes to its end; gives the digest of what was kept. */
async function watched(page) {
  await page.locator(PANEL).getByRole("button", { name: "Watch it generate" }).click();
  // Chromium may never tell that a streamed reply has finished, so the page itself is asked.
  await page.waitForFunction(
    (panel) =>
      document.querySelectorAll(`${panel} .brain-token`).length > 1 &&
      !document.querySelector(`${panel} .brain-tools`)?.textContent.includes("Pause"),
    PANEL,
  );
  await stage(page).waitFor();
}

async function bright(page, { check, values: slice }) {
  await check("brain: the brightest neurons are those of the stored activations", async () => {
    await watched(page);
    await page.waitForURL(/stream\.digest=/);
    const digest = new globalThis.URL(page.url()).searchParams.get("stream.digest");
    const last = (await page.locator(`${PANEL} .brain-token`).count()) - 1;
    const { shape, flat } = await slice(digest, "activation", { position: last });
    const scales = (await slice(digest, "scale", { position: last })).flat;
    const sizes = flat.map((step, index) => Math.abs(step * scales[Math.floor(index / shape[1])]));
    const best = sizes.indexOf(Math.max(...sizes));
    const name = `mlp_act.${Math.floor(best / shape[1])}.${best % shape[1]}`;
    strictEqual(await page.locator(`${PANEL} .brain-bright code`).first().textContent(), name);
  });
  await check("brain: every neuron is drawn, each as a point in a small model", async () => {
    await page.waitForSelector(`${PANEL} .brain-stage[data-drawn]`);
    const { points, plates } = await drawn(page);
    const count = await page.locator(`${PANEL} .brain-corner dd`).first().textContent();
    strictEqual(Number(count.replaceAll(",", "").split(" ")[0]), points);
    strictEqual(plates, 0);
  });
}

async function pointed(page, { check }) {
  await check(
    "brain: a click on the brightest neuron selects it, and its history is its numbers",
    async () => {
      await page.locator(`${PANEL} .brain-bright`).first().click();
      await page.waitForURL(/sel=.*neuron/);
      const name = await page.locator(`${PANEL} .brain-bright code`).first().textContent();
      const size = await page.locator(`${PANEL} .brain-bright b`).first().textContent();
      await page.locator(`${PANEL} .brain-history summary`).click();
      const told = await values(page, ".brain-history td");
      strictEqual(told.length, await page.locator(`${PANEL} .brain-token`).count());
      ok(Math.abs(told.at(-1) - Number(size.replace("−", "-"))) < 0.01 * Math.abs(told.at(-1)));
      const link = page.locator(`${PANEL} .brain-history a`);
      ok((await link.getAttribute("href")).includes(`unit=${name}`), "the link leads to another unit");
    },
  );
  await check("brain: the mark of the selected neuron lies where a click finds it", async () => {
    const mark = await page.locator(`${PANEL} .brain-ring.selected`).boundingBox();
    const before = new globalThis.URL(page.url()).searchParams.get("sel");
    await page.mouse.click(mark.x + mark.width / 2, mark.y + mark.height / 2);
    await page.waitForTimeout(0);
    strictEqual(new globalThis.URL(page.url()).searchParams.get("sel"), before);
  });
  await check("brain: a click on a token shows its neurons", async () => {
    const before = await page.locator(`${PANEL} .brain-bright b`).allTextContents();
    await page.locator(`${PANEL} .brain-token`).nth(1).click();
    await page.waitForFunction(
      ([panel, text]) =>
        [...document.querySelectorAll(`${panel} .brain-bright b`)].map((one) => one.textContent).join() !==
        text,
      [PANEL, before.join()],
    );
    strictEqual(
      await page.locator(`${PANEL} .brain-token[aria-selected=true]`).getAttribute("data-position"),
      "1",
    );
  });
}

async function keyed(page, { check }) {
  await check("brain: keys move, select and pin a neuron, turn the view and make it flat", async () => {
    await stage(page).focus();
    for (const key of ["n", "ArrowRight", "ArrowUp", "p"]) await page.keyboard.press(key);
    await page.waitForURL(/pins=/);
    const said = await stage(page).locator("[role=status]").textContent();
    const [, layer, neuron] = /mlp_act\.(\d+)\.(\d+)/.exec(said);
    strictEqual(new globalThis.URL(page.url()).searchParams.get("pins"), `layer:${layer},neuron:${neuron}`);
    await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("f");
    await page.waitForSelector(`${PANEL} .brain-stage[data-flat=true] canvas`);
    await page.waitForURL(/brain=flat/);
    await page.keyboard.press("f");
    await page.waitForSelector(`${PANEL} .brain-stage[data-flat=false] canvas`);
  });
  await check("brain: attention is drawn as links, counted and listed", async () => {
    await page.locator(`${PANEL} .brain-tools select`).nth(1).selectOption("attention");
    await page.waitForFunction(
      (panel) => document.querySelector(`${panel} .brain-corner`)?.textContent.includes("links"),
      PANEL,
    );
    await page.locator(`${PANEL} .brain-details summary`, { hasText: "links" }).click();
    const strengths = await values(page, "[aria-label='Table of the links'] td[data-value]");
    ok(strengths.length > 0, "no link is listed");
    ok(strengths.every((strength) => strength >= 0.1 && strength <= 1.001));
    deepStrictEqual(
      strengths,
      strengths.toSorted((one, other) => other - one),
    );
  });
}

/** A browser without WebGL gets the flat view, and is told so. */
async function without(context, { check, open, settings }) {
  await check("brain: where there is no WebGL the flat view says so", async () => {
    const page = await open(context, "about:blank");
    await page.addInitScript(() => {
      const usual = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function patched(kind, ...more) {
        return kind.startsWith("webgl") ? null : usual.call(this, kind, ...more);
      };
    });
    await page.goto(at(settings));
    await watched(page);
    await page.waitForSelector(`${PANEL} .brain-stage[data-flat=true]`);
    ok((await page.locator(`${PANEL} .brain-trouble`).textContent()).includes("flat"));
    await page.close();
  });
}

export async function brain(context, tools) {
  const { check, open, quiet, axe, settings } = tools;
  for (const theme of ["light", "dark"]) {
    const page = await open(context, at(settings, { theme }));
    await page.waitForSelector(`${PANEL} .brain-empty button:not([disabled])`);
    if (theme === "light") {
      await bright(page, tools);
      await pointed(page, tools);
      await keyed(page, tools);
    } else await watched(page);
    await check(`brain: ${theme}, nothing was complained about`, async () =>
      quiet({ troubles: page.troubles.filter((trouble) => !trouble.includes(READ_BACK)) }),
    );
    await check(`brain: ${theme}, axe finds nothing serious`, async () =>
      deepStrictEqual(await axe(page), []),
    );
    await page.close();
  }
  await without(context, tools);
}

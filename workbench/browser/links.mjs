// Deep links: the address of a page, opened by somebody else, shows the same view, word for word and drawing for drawing.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { check, open, quiet, rest, settings } from "./driver.mjs";

const model = "builtin:scribe";
const PAIR = {
  model,
  prompt: "When Mary and John went to the shop, John gave a drink to",
  corrupt: "When Mary and John went to the shop, Mary gave a drink to",
  target: " Mary",
  distractor: " John",
};

export async function links(context) {
  const told = await rest("/analyses/generation?wait=60", {
    model,
    prompt: PAIR.prompt,
    n_tokens: 6,
    patterns: true,
  });
  const lens = await rest("/analyses/logit_lens?wait=60", { model, prompt: PAIR.prompt });
  const ways = {
    "a lab of three panels with changes": [
      "/lab",
      {
        ...PAIR,
        do: "resid_post.3 scale=0.5; off z.2.1 mean",
        dock: "1",
        "analysis.2": "attention_patterns",
        "at.2": "layer:2,head:1",
        "range.2": "slice",
        "analysis.3": "activation_patching",
        "at.3": "direction:1",
        "table.3": "1",
        on: ".3",
        sel: "position:4",
        pins: "depth:2,position:3",
      },
      "[data-panel='answer.3'] table.data",
    ],
    "a stream that is replayed, and its flat view": [
      "/lab",
      {
        model,
        prompt: PAIR.prompt,
        live: "1",
        "stream.digest": told.digest,
        "stream.at": "9",
        brain: "flat,signed",
      },
      "[data-panel=brain] .brain-stage[data-flat=true] canvas",
    ],
    "a unit": [
      "/unit",
      { model, unit: "mlp_act.3.17", bands: "top,9", theme: "dark" },
      "[data-panel=ablation] svg",
    ],
    "a patching map": [
      "/circuits",
      {
        ...PAIR,
        sites: "z",
        direction: "both",
        "at.patching": "direction:1",
        sel: "direction:1,layer:4,head:0",
      },
      ".pinned dd[data-value]",
    ],
    paths: [
      "/circuits",
      { ...PAIR, view: "paths", receivers: "logits; q.4.0", above: "0.002" },
      "[data-to='head 4.0']",
    ],
    "a result": [
      "/results",
      { result: lens.digest, at: "rank:1", sel: "depth:2,position:3" },
      ".pinned dd[data-value]",
    ],
  };
  for (const [name, [path, query, ready]] of Object.entries(ways))
    await check(`link: ${name}`, () => restored(context, `${path}?${new URLSearchParams(query)}`, ready));
}

/** Waits until nothing is asked, and what is drawn stays as it is. */
async function still(page, ready) {
  await page.mouse.move(2, 2);
  await page.waitForSelector(ready);
  // Every panel of the lab asks by itself, and none is drawn before it is answered.
  await page.waitForFunction(() =>
    [...document.querySelectorAll("[data-panel^=answer]")].every((panel) => panel.querySelector(".drawing")),
  );
  await page.waitForFunction(
    () =>
      document.querySelector("[data-panel]") !== null &&
      document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0 &&
      [...document.images].every(({ complete }) => complete),
    null,
    { timeout: 120_000 },
  );
  await page.waitForFunction(
    () => {
      const drawn = [...document.querySelectorAll(".heat-plot canvas")].map((one) => one.toDataURL()).join();
      const same = globalThis.lastDrawn === drawn;
      globalThis.lastDrawn = drawn;
      return same;
    },
    null,
    { polling: 400 },
  );
}

/** What a reader reads off the page, but for how long ago things were. */
function seen(page) {
  return page.evaluate(() => ({
    text: document
      .querySelector("#page")
      .innerText.replaceAll(/\d+ \w+ ago|just now/g, "ago")
      .split("\n"),
    dock: document.querySelector(".dock")?.innerText ?? "",
    drawn: [...document.querySelectorAll(".drawing")].map(({ dataset }) => ({ ...dataset })),
    fields: [...document.querySelectorAll("input, textarea, select")].map((one) =>
      ["checkbox", "radio"].includes(one.type) ? one.checked : one.value,
    ),
    pictures: [...document.querySelectorAll(".heat-plot canvas")].map((one) => one.toDataURL()),
    marks: [...document.querySelectorAll(".heat-plot i")].map(({ className }) => className),
    theme: document.documentElement.dataset.theme,
  }));
}

/** One reader looks; another, who remembers nothing of this browser, opens the address that stands there. */
async function restored(context, address, ready) {
  const page = await open(context, `${settings.url}${address}`);
  await still(page, ready);
  const view = await seen(page);
  ok(view.text.join("").length > 40, "nothing is on the page");
  const link = page.url();
  const other = await context.browser().newContext({
    viewport: page.viewportSize(),
    reducedMotion: "reduce",
    storageState: { cookies: await context.cookies(), origins: [] },
  });
  const again = await open(other, link);
  await still(again, ready);
  strictEqual(again.url(), link);
  deepStrictEqual(await seen(again), view);
  quiet(page);
  quiet(again);
  await other.close();
  await page.close();
}

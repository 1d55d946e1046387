// Deep links: the address of a page, opened by somebody else, shows the same view, word for word and pixel for pixel.
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
    Home: ["/", { model, pins: "layer:2,head:1" }],
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
    ],
    "a unit": ["/unit", { model, unit: "mlp_act.3.17", bands: "top,9", theme: "dark" }],
    "a patching map": [
      "/circuits",
      {
        ...PAIR,
        sites: "z",
        direction: "both",
        "at.patching": "direction:1",
        sel: "direction:1,layer:4,head:0",
      },
    ],
    paths: ["/circuits", { ...PAIR, view: "paths", receivers: "logits; q.4.0", above: "0.002" }],
    "a result": ["/results", { result: lens.digest, at: "rank:1", sel: "depth:2,position:3" }],
  };
  for (const [name, [path, query]] of Object.entries(ways))
    await check(`link: ${name}`, () => restored(context, `${path}?${new URLSearchParams(query)}`));
}

/** Waits until nothing is asked and two pictures in a row are the same. */
async function still(page) {
  await page.mouse.move(2, 2);
  await page.waitForFunction(
    () =>
      document.querySelector("[data-panel]") !== null &&
      document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0 &&
      [...document.images].every(({ complete }) => complete),
    null,
    { timeout: 120_000 },
  );
  let last = await page.screenshot();
  for (let count = 0; count < 20; count += 1) {
    const next = await page.screenshot();
    if (next.equals(last)) return next;
    last = next;
  }
  throw new Error("The page never comes to rest.");
}

/** What a reader reads off the page, but for how long ago things were. */
function seen(page) {
  return page.evaluate(() => ({
    text: document
      .querySelector("#page")
      .innerText.replaceAll(/\d+ (second|minute|hour|day)s? ago/g, "ago")
      .split("\n"),
    dock: document.querySelector(".dock")?.innerText ?? "",
    drawn: [...document.querySelectorAll(".drawing")].map(({ dataset }) => ({ ...dataset })),
    fields: [...document.querySelectorAll("input, textarea, select")].map((one) =>
      ["checkbox", "radio"].includes(one.type) ? one.checked : one.value,
    ),
    theme: document.documentElement.dataset.theme,
  }));
}

/** One reader looks; another, who remembers nothing of this browser, opens the address that stands there. */
async function restored(context, address) {
  const page = await open(context, `${settings.url}${address}`);
  const picture = await still(page);
  const view = await seen(page);
  ok(view.text.join("").length > 40, "nothing is on the page");
  const link = page.url();
  const other = await context.browser().newContext({
    viewport: page.viewportSize(),
    reducedMotion: "reduce",
    storageState: { cookies: await context.cookies(), origins: [] },
  });
  const again = await open(other, link);
  const same = await still(again);
  strictEqual(again.url(), link);
  deepStrictEqual(await seen(again), view);
  ok(same.equals(picture), "the pictures differ");
  quiet(page);
  quiet(again);
  await other.close();
  await page.close();
}

// Drives the atlas: what the map, the queries and the lists say equals what REST says, and an address restores it.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, themes, values } from "./driver.mjs";

const LEVEL = 0.05;
const QUERIES = [
  "and auto Once upon a time there was a little boy",
  "or auto the king and the queen of the land",
];
const SERIES = "builtin:grokking";

function address(query) {
  return `/atlas?${new URLSearchParams(query)}`;
}

const model = settings.model;
export const shots = [
  { name: "atlas-empty", address: address({ model }), ready: ".atlas-map .empty" },
  {
    name: "atlas-clusters",
    address: address({ model, map: "pca", by: "neuron_clusters", sel: "layer:3,neuron:17" }),
    ready: ".sign",
  },
  {
    name: "atlas-queries",
    address: address({ model, map: "pca", by: "query", q: QUERIES.join("\n") }),
    ready: ".term-foot b",
  },
  {
    name: "atlas-training",
    address: address({
      model: SERIES,
      training: "1",
      step: "12",
      pins: "layer:0,neuron:3",
      panel: "training",
    }),
    ready: ".film canvas",
  },
];

async function ask(analysis, given) {
  return rest(`/analyses/${analysis}?wait=60`, given);
}

/** Waits until nothing is being asked, so that what is on screen is the answer. */
async function settled(page) {
  await page.waitForFunction(
    () =>
      document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0 &&
      ![...document.querySelectorAll(".term-foot")].some((foot) => foot.textContent.startsWith("Asking")),
  );
}

/** Neurons of the map and their places, as REST tells them. */
async function mapped() {
  const map = await ask("neuron_map", { model, method: "pca" });
  const [x, y] = await Promise.all(
    [0, 1].map(async (component) => (await values(map.digest, "coordinates", { component })).flat),
  );
  return { map, names: map.coords.item.values, x, y };
}

/** Pixel of the scatter under a place of the plane. */
async function pixelAt(page, [x, y]) {
  return page.$eval(
    ".atlas-map .points",
    (plot, place) => {
      const [left, right, bottom, top] = JSON.parse(plot.dataset.frame);
      const canvas = plot.querySelector("canvas");
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d", { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const across = Math.round(((place[0] - left) / (right - left)) * canvas.width);
      const down = Math.round(((top - place[1]) / (top - bottom)) * canvas.height);
      return [...context.getImageData(across, down, 1, 1).data].slice(0, 3);
    },
    [x, y],
  );
}

function channels(colour) {
  return [1, 3, 5].map((from) => Number.parseInt(colour.slice(from, from + 2), 16));
}

/** Place on the screen of a place of the plane. */
async function onScreen(page, [x, y]) {
  return page.$eval(
    ".atlas-map .points",
    (plot, place) => {
      const [left, right, bottom, top] = JSON.parse(plot.dataset.frame);
      const box = plot.getBoundingClientRect();
      return [
        box.left + plot.clientLeft + ((place[0] - left) / (right - left)) * plot.clientWidth,
        box.top + plot.clientTop + ((top - place[1]) / (top - bottom)) * plot.clientHeight,
      ];
    },
    [x, y],
  );
}

async function theMap(page, theme) {
  await check(`${theme}: the map is drawn only when it is asked for, with every neuron`, async () => {
    strictEqual(await page.locator(".points").count(), 0);
    await page.getByRole("button", { name: "Place the neurons" }).click();
    await page.waitForSelector(".points canvas");
    await settled(page);
    const { names } = await mapped();
    ok((await page.textContent(".atlas-counts")).includes(`${names.length} neurons`));
  });
  await check(`${theme}: a point has the colour that its number asks for`, async () => {
    const statistics = await ask("neuron_statistics", { model });
    const { flat } = await values(statistics.digest, "kurtosis");
    await page.goto(
      `${settings.url}${address({ model, map: "pca", by: "neuron_statistics", span: "all", theme })}`,
    );
    await page.waitForSelector(".scale-end");
    await settled(page);
    const { names, x, y } = await mapped();
    const width = statistics.dims.neuron;
    const best = flat.indexOf(Math.max(...flat));
    const point = names.indexOf(`${Math.floor(best / width)}.${best % width}`);
    const seen = await pixelAt(page, [x[point], y[point]]);
    const wanted = channels(themes()[theme].magnitude.at(-1));
    ok(
      seen.every((channel, part) => Math.abs(channel - wanted[part]) <= 3),
      `${seen} is not ${wanted}`,
    );
    const first = page.locator(".atlas-set tbody tr").first();
    strictEqual(await first.getAttribute("data-unit"), `mlp_act.${names[point]}`);
    strictEqual(Number(await first.locator("td").getAttribute("data-value")), flat[best]);
  });
}

async function theQueries(page, theme) {
  await check(`${theme}: two queries keep the neurons that REST says they activate`, async () => {
    const { names } = await mapped();
    const active = new Set();
    const own = [];
    for (const line of QUERIES) {
      const found = await ask("reverse_query", {
        model,
        query: line.split(" auto ")[1],
        read_as: "auto",
        top_k: 1,
      });
      const effect = (await values(found.digest, "every_effect")).flat;
      const p = (await values(found.digest, "every_p")).flat;
      const kept = effect.flatMap((one, at) => (one > 0 && p[at] < LEVEL ? [at] : []));
      own.push(kept.length);
      for (const at of kept) active.add(at);
    }
    await page.goto(`${settings.url}${address({ model, map: "pca", theme })}`);
    await page.waitForSelector(".points canvas");
    await page.getByLabel("Query 1", { exact: true }).fill(QUERIES[0].split(" auto ")[1]);
    await page.getByRole("button", { name: "Add a query" }).click();
    await page.getByLabel("Query 2", { exact: true }).fill(QUERIES[1].split(" auto ")[1]);
    await page
      .getByRole("combobox", { name: "How query 2 joins" })
      .or(page.getByRole("textbox", { name: "How query 2 joins" }))
      .first()
      .click();
    await page.getByRole("option", { name: "or", exact: true }).click();
    await page.getByRole("button", { name: "Find neurons" }).click();
    await page.waitForSelector(".filters");
    await settled(page);
    deepStrictEqual(
      await page.locator(".term-foot b").allTextContents(),
      own.map((count) => `${count} of ${names.length}`),
    );
    ok((await page.textContent(".filters")).includes(`queries: ${active.size} of ${names.length}`));
    ok(active.size > 0 && active.size < names.length, `${active.size} neurons say nothing`);
  });
  await check(`${theme}: a set kept under a name comes back by it`, async () => {
    const before = await page.textContent(".atlas-set .reading");
    await page.getByLabel("Name of the set").fill("mine");
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page.getByRole("button", { name: "let go" }).first().click();
    await page.waitForSelector(".filters", { state: "detached" });
    await page.getByRole("button", { name: /Kept sets/ }).click();
    await page.getByRole("menuitem", { name: /^mine/ }).click();
    await page.waitForSelector(".filters");
    await settled(page);
    strictEqual(await page.textContent(".atlas-set .reading"), before);
  });
}

async function theRegion(page, theme) {
  await check(`${theme}: a box keeps the neurons within it, and the address restores it`, async () => {
    const { names, x, y } = await mapped();
    await page.goto(`${settings.url}${address({ model, map: "pca", theme })}`);
    await page.waitForSelector(".points canvas");
    await settled(page);
    await page.locator(".atlas-map").getByText("box", { exact: true }).click();
    const middle = [x, y].map((all) => all.reduce((sum, one) => sum + one, 0) / all.length);
    const from = await onScreen(page, middle);
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(from[0] + 60, from[1] + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/region=/);
    const corners = new URL(page.url()).searchParams
      .get("region")
      .split(";")
      .map((corner) => corner.split(",").map(Number));
    const ends = [0, 1].map((axis) => [
      Math.min(...corners.map((one) => one[axis])),
      Math.max(...corners.map((one) => one[axis])),
    ]);
    const inside = names.filter(
      (_, at) => x[at] > ends[0][0] && x[at] < ends[0][1] && y[at] > ends[1][0] && y[at] < ends[1][1],
    ).length;
    ok(inside > 0, "the box is empty");
    const told = async () => {
      await page.waitForSelector(".filters");
      return page.textContent(".filters");
    };
    ok((await told()).includes(`region: ${inside} of ${names.length}`), `${await told()} is not ${inside}`);
    const before = page.url();
    await page.goto("about:blank");
    await page.goto(before);
    ok((await told()).includes(`region: ${inside} of ${names.length}`));
    strictEqual(page.url(), before);
  });
}

async function byKeys(page, theme) {
  await check(`${theme}: the keyboard alone reaches a neuron, selects it and pins it`, async () => {
    await page.goto(`${settings.url}${address({ model, map: "pca", theme })}`);
    await page.waitForSelector(".points canvas");
    await settled(page);
    await page.focus(".points");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowUp");
    const told = await page.textContent(".atlas-foot .read-out b");
    await page.keyboard.press("Enter");
    await page.waitForURL(/sel=/);
    const { layer, neuron } = Object.fromEntries(
      new URL(page.url()).searchParams
        .get("sel")
        .split(",")
        .map((part) => part.split(":")),
    );
    strictEqual(told, `mlp_act.${layer}.${neuron}`);
    await page.keyboard.press("Shift+Enter");
    await page.waitForURL(/pins=/);
    await page.keyboard.press("+");
    await page.waitForURL(/frame=/);
    await page.keyboard.press("0");
    await page.waitForFunction(() => !location.search.includes("frame="));
  });
}

async function thePushers(page, theme) {
  await check(`${theme}: the strongest pushers are those of REST, with their p`, async () => {
    const [target, distractor] = [" he", " she"];
    const found = await ask("neuron_logits", { model, target, distractor });
    const { flat } = await values(found.digest, "push");
    const order = flat.toSorted((one, other) => other - one);
    await page.goto(`${settings.url}${address({ model, map: "pca", theme })}`);
    await page.waitForSelector(".points canvas");
    await page.fill("[name=target]", target);
    await page.fill("[name=distractor]", distractor);
    await page.getByRole("button", { name: "Find pushers" }).click();
    await page.waitForSelector(".push-ends td");
    const column = (end) =>
      page
        .locator(".push-ends > div")
        .nth(end)
        .locator("tbody tr td:nth-of-type(1)")
        .evaluateAll((all) => all.map((cell) => Number(cell.dataset.value)));
    deepStrictEqual(await column(0), order.slice(0, 12));
    deepStrictEqual(await column(1), order.slice(-12).toReversed());
  });
}

async function theTraining(page, theme) {
  await check(
    `${theme}: a training is dragged through, stands still on request, and leaves traces`,
    async () => {
      await page.goto(`${settings.url}${address({ model: SERIES, pins: "layer:0,neuron:3", theme })}`);
      await page.getByRole("button", { name: "Follow the training" }).click();
      await page.waitForSelector(".film canvas");
      const drift = await ask("checkpoint_drift", { checkpoints: `${SERIES}@*` });
      const steps = drift.coords.step.values;
      ok((await page.locator(".small").count()) >= 10);
      await page.focus(".player input[type=range]");
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/step=1/);
      strictEqual(await page.textContent(".player output"), steps[1].toLocaleString("en-GB"));
      ok(
        await page.getByRole("button", { name: "Play" }).isDisabled(),
        "it plays where less motion is asked for",
      );
      await page.locator(".small").last().click();
      await page.waitForFunction((last) => location.search.includes(`step=${last}`), steps.length - 1);
      strictEqual(await page.locator(".traces .trace").count(), 1);
    },
  );
}

async function theOverlap(page, theme) {
  await check(`${theme}: each layer's overlap stands beside that of random directions`, async () => {
    const found = await ask("superposition", { model });
    await page.goto(`${settings.url}${address({ model, overlap: "1", panel: "overlap", theme })}`);
    await page.waitForSelector(".histogram .chance-band");
    strictEqual(await page.locator(".histogram").count(), found.dims.layer);
    strictEqual(await page.locator(".histogram .count").count(), found.dims.layer * found.dims.bin);
  });
}

export async function atlas(context) {
  for (const theme of ["light", "dark"]) {
    const page = await open(context, `${settings.url}${address({ model, theme })}`);
    await page.waitForSelector(".atlas-map .empty");
    await theMap(page, theme);
    await theQueries(page, theme);
    await theRegion(page, theme);
    await byKeys(page, theme);
    await thePushers(page, theme);
    await check(`${theme}: axe finds nothing serious on the atlas`, async () =>
      deepStrictEqual(await axe(page), []),
    );
    await theTraining(page, theme);
    await check(`${theme}: axe finds nothing serious in the training`, async () =>
      deepStrictEqual(await axe(page), []),
    );
    await theOverlap(page, theme);
    await check(`${theme}: the atlas leaves the console silent`, async () => quiet(page));
    await page.close();
  }
}

// Sets of the atlas: coloured by every measure, lassoed, asked for by A and not B, taken as files, ablated, and played.
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";

const LEVEL = 0.05;
const MOST_ABLATED = 64;
const SERIES = "builtin:grokking";
const ANSWERS = { target: " he", distractor: " she" };
const { model } = settings;

/** What can colour the neurons, and what the page asks for it. */
const SOURCES = {
  neuron_clusters: {},
  neuron_statistics: {},
  polysemanticity: {},
  superposition: {},
  neuron_logits: ANSWERS,
  neuron_ranking: {},
};
const TEXTS = [
  "Once upon a time there was a little boy",
  "the king and the queen of the land",
  "When Mary and John went to the shop",
  "He had 2 and 3, and that is 5.",
];

const at = (query) => `${settings.url}/atlas?${new URLSearchParams({ model, map: "pca", ...query })}`;
const ask = (analysis, given) => rest(`/analyses/${analysis}?wait=60`, { model, ...given });

/** Waits until the map is drawn and nothing is being asked. */
async function settled(page) {
  await page.waitForSelector(".atlas-map .points canvas", { timeout: 120_000 });
  await page.waitForFunction(
    () =>
      document.querySelectorAll(".skeleton, [data-phase=asking], progress").length === 0 &&
      ![...document.querySelectorAll(".term-foot")].some((foot) => foot.textContent.startsWith("Asking")),
    undefined,
    { timeout: 120_000 },
  );
}

/** Measures of an answer that have one number for each neuron. */
function measures({ variables, coords }) {
  const items = (coords.item?.values ?? []).every((name) => /^\d+\.\d+$/.test(String(name)));
  return variables
    .filter(({ name, dtype }) => !/_(low|high|null|p|error)$/.test(name) && dtype !== "text")
    .filter(({ axes }) => axes.toSorted().join() === "layer,neuron" || (items && axes.join() === "item"))
    .map(({ name }) => name);
}

async function colours(page) {
  for (const [source, given] of Object.entries(SOURCES))
    await check(`the neurons are coloured by every measure of ${source}, as REST tells them`, async () => {
      const found = await ask(source, given);
      await page.goto(at({ by: source, ...given }));
      await settled(page);
      const box = page.locator(".atlas-colours input[aria-label=Measure]");
      await box.waitFor();
      const names = measures(found);
      ok(names.length > 0);
      for (const name of names) {
        await box.click();
        await page.getByRole("option").nth(names.indexOf(name)).click();
        await page.waitForURL((address) => (address.searchParams.get("measure") ?? name) === name);
        const { flat } = await values(found.digest, name);
        const most = Math.max(...flat.filter((value) => value !== null).map(Number));
        await page.waitForFunction(
          ([title, value]) => {
            const cells = [...document.querySelectorAll(".atlas-set tbody tr:first-child td")];
            return cells.some(({ dataset }) => Number(dataset.value) === value) || title === "";
          },
          [name, most],
        );
      }
      quiet(page);
    });
}

/** Whether a place lies within a closed line: how often a ray from it crosses the line. */
function inside([x, y], corners) {
  let within = false;
  for (const [place, [left, low]] of corners.entries()) {
    const [right, high] = corners[(place + 1) % corners.length];
    if (low > y !== high > y && x < ((right - left) * (y - low)) / (high - low) + left) within = !within;
  }
  return within;
}

async function lasso(page, theme) {
  await check(`${theme}: a lasso keeps the neurons within it, and the address restores it`, async () => {
    const map = await ask("neuron_map", { method: "pca" });
    const [x, y] = await Promise.all(
      [0, 1].map(async (component) => (await values(map.digest, "coordinates", { component })).flat),
    );
    await page.goto(at({ theme }));
    await settled(page);
    await page.locator(".atlas-map").getByText("lasso", { exact: true }).click();
    const box = await page.locator(".atlas-map .points").boundingBox();
    const middle = [box.x + box.width / 2, box.y + box.height / 2];
    const way = [
      [0, -70],
      [90, 20],
      [30, 30],
      [10, 80],
      [-80, 30],
    ].map(([across, down]) => [middle[0] + across, middle[1] + down]);
    await page.mouse.move(...way[0]);
    await page.mouse.down();
    for (const corner of [...way.slice(1), way[0]]) await page.mouse.move(...corner, { steps: 6 });
    await page.mouse.up();
    await page.waitForURL(/region=/);
    const corners = new URL(page.url()).searchParams
      .get("region")
      .split(";")
      .map((corner) => corner.split(",").map(Number));
    const kept = x.filter((one, place) => inside([one, y[place]], corners)).length;
    ok(kept > 0 && kept < x.length, `${kept} neurons say nothing`);
    const words = `region: ${kept} of ${x.length}`;
    await page.getByText(words).waitFor();
    const before = page.url();
    await page.goto("about:blank");
    await page.goto(before);
    await page.getByText(words).waitFor();
    strictEqual(page.url(), before);
    quiet(page);
  });
}

/** Neurons that a text activates, by name. */
async function activated(words) {
  const found = await ask("reverse_query", { query: words, read_as: "auto", top_k: 1 });
  const [effect, p] = await Promise.all(
    ["every_effect", "every_p"].map(async (name) => (await values(found.digest, name)).flat),
  );
  const width = found.dims.neuron;
  return effect.flatMap((one, place) =>
    one > 0 && p[place] < LEVEL ? [`mlp_act.${Math.floor(place / width)}.${place % width}`] : [],
  );
}

/** Two texts of which the first activates a few neurons that the second does not, and those. */
async function someWithoutOthers() {
  const every = await Promise.all(TEXTS.map(activated));
  for (const [one, mine] of every.entries())
    for (const [other, theirs] of every.entries()) {
      const left = mine.filter((unit) => !theirs.includes(unit));
      if (left.length > 0 && left.length < mine.length && left.length <= MOST_ABLATED)
        return { a: TEXTS[one], b: TEXTS[other], left };
    }
  throw new Error("No two of the texts tell a few neurons apart.");
}

const units = (page) =>
  page.locator(".atlas-set tbody tr").evaluateAll((rows) => rows.map(({ dataset }) => dataset.unit));

async function text(file) {
  return Buffer.concat(await (await file.createReadStream()).toArray()).toString();
}

async function taken(page, name) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(".set-actions").getByRole("button", { name, exact: true }).click(),
  ]);
  return file;
}

async function sets(page, theme) {
  const { a, b, left } = await someWithoutOthers();
  const sorted = left.toSorted();
  await check(`${theme}: A and not B, typed by the keyboard, keeps exactly what REST says`, async () => {
    await page.goto(at({ theme }));
    await settled(page);
    await page.getByLabel("Query 1", { exact: true }).focus();
    await page.keyboard.type(a);
    await page.getByRole("button", { name: "Add a query" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Query 2", { exact: true }).focus();
    await page.keyboard.type(b);
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=/);
    await settled(page);
    await page.waitForSelector(".filters");
    deepStrictEqual((await units(page)).toSorted(), sorted);
    strictEqual(new URL(page.url()).searchParams.get("q"), `and auto ${a}\nnot auto ${b}`);
    ok((await page.textContent(".atlas-queries")).includes(`Together: ${left.length} of`));
    const before = page.url();
    await page.reload();
    await settled(page);
    await page.waitForSelector(".filters");
    deepStrictEqual((await units(page)).toSorted(), sorted);
    strictEqual(page.url(), before);
  });
  await check(
    `${theme}: the set is taken as tables and as interventions, and those are put back`,
    async () => {
      const [head, ...lines] = (await text(await taken(page, "CSV"))).split("\n");
      ok(head.startsWith("name,layer,neuron,"));
      deepStrictEqual(lines.map((line) => line.split(",")[0]).toSorted(), sorted);
      const table = await taken(page, "JSON");
      const told = JSON.parse(await text(table));
      deepStrictEqual([told.format, told.model], ["neuronscope-neurons", model]);
      deepStrictEqual(told.neurons.map(({ name }) => name).toSorted(), sorted);
      const file = await taken(page, "Interventions");
      const { format, ops } = JSON.parse(await text(file));
      strictEqual(format, "neuronscope-interventions");
      strictEqual(ops.length, left.length);
      if (!(await page.locator(".dock").isVisible())) await page.keyboard.press("d");
      await page.locator(".dock input[type=file]").setInputFiles(await file.path());
      await page.waitForURL(/do=/);
      deepStrictEqual(changed(page), sorted);
      await page.goto(at({ theme, map: "" }));
      const box = page.getByLabel("File of neurons");
      await box.setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from("[]") });
      await page.getByText("This is no file of neurons").waitFor();
      await box.setInputFiles(await table.path());
      await page.waitForURL(/q=/);
      await settled(page);
      await page.waitForSelector(".filters");
      deepStrictEqual((await units(page)).toSorted(), sorted);
      strictEqual(await page.getByText("This is no file of neurons").count(), 0);
      quiet(page);
    },
  );
  await check(`${theme}: Ablate sets the neurons to 0 for the questions that follow`, async () => {
    await page.goto(at({ theme, q: `and auto ${a}\nnot auto ${b}` }));
    await settled(page);
    await page.waitForSelector(".filters");
    await page.locator(".set-actions").getByRole("button", { name: "Ablate", exact: true }).click();
    await page.waitForURL(/do=/);
    deepStrictEqual(changed(page), sorted);
    await page.getByText("The map and its measures are of the model as it is").waitFor();
    deepStrictEqual(await axe(page), []);
    quiet(page);
  });
}

/** Neurons that the address sets to 0. */
function changed(page) {
  return new URL(page.url()).searchParams
    .get("do")
    .split("; ")
    .map((op) => /^(\S+) zero$/.exec(op)[1])
    .toSorted();
}

/** What a step looks like: the bytes of the moving picture. */
const picture = (page) => page.$eval(".film canvas", (canvas) => canvas.toDataURL());

async function played(page, theme) {
  await check(`${theme}: the training plays, is held, and stands in the small multiples`, async () => {
    await page.emulateMedia({ reducedMotion: "no-preference" });
    const training = { model: SERIES, map: "", training: "1", pins: "layer:0,neuron:3", theme };
    await page.goto(at(training));
    await page.waitForSelector(".film canvas", { timeout: 120_000 });
    const drift = await rest("/analyses/checkpoint_drift?wait=60", { checkpoints: `${SERIES}@*` });
    const steps = drift.coords.step.values;
    const small = page.locator(".small");
    ok((await small.count()) >= 10);
    const first = await picture(page);
    await page.getByRole("button", { name: "Play" }).focus();
    await page.keyboard.press("Space");
    await page.waitForFunction(() => Number(new URLSearchParams(location.search).get("step")) >= 3);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Play" }).waitFor();
    const shown = Number((await page.textContent(".player output")).replaceAll(",", ""));
    const held = steps.indexOf(shown);
    await page.waitForFunction((step) => location.search.includes(`step=${step}`), held);
    notStrictEqual(await picture(page), first);
    await page.waitForTimeout(500);
    strictEqual(Number(new URL(page.url()).searchParams.get("step")), held);
    await small.first().focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/step=0/);
    strictEqual(await small.first().getAttribute("aria-pressed"), "true");
    await page.waitForFunction(
      (before) => document.querySelector(".film canvas").toDataURL() === before,
      first,
    );
    await page.emulateMedia({ reducedMotion: "reduce" });
    quiet(page);
  });
}

/** Everything that the atlas says on screen. */
const said = (page) =>
  page.evaluate(() => ({
    parts: [".atlas-counts", ".filters", ".atlas-set tbody", ".term-foot", ".atlas-foot .read-out"].map(
      (part) => document.querySelector(part)?.textContent,
    ),
    chosen: [...document.querySelectorAll(".atlas-map input")].map(({ value, checked }) => [value, checked]),
    frame: document.querySelector(".points").dataset.frame,
  }));

async function restored(page, theme) {
  await check(
    `${theme}: an address restores map, colours, set, frame, selection and pins exactly`,
    async () => {
      await page.goto(
        at({ theme, by: "neuron_statistics", measure: "mean", span: "all", q: `and text ${TEXTS[0]}` }),
      );
      await settled(page);
      await page.waitForSelector(".filters");
      await page.focus(".points");
      for (const key of ["ArrowRight", "Enter", "ArrowUp", "Shift+Enter", "+"])
        await page.keyboard.press(key);
      await page.waitForURL(/frame=/);
      const [address, before] = [page.url(), await said(page)];
      ok(/sel=.*pins=|pins=.*sel=/.test(address), address);
      const other = await open(page.context(), address);
      await settled(other);
      await other.waitForSelector(".filters");
      await other.waitForFunction(
        (words) => document.querySelector(".atlas-set tbody")?.textContent === words,
        before.parts[2],
      );
      deepStrictEqual(
        { ...(await said(other)), parts: (await said(other)).parts.slice(0, 4) },
        { ...before, parts: before.parts.slice(0, 4) },
      );
      strictEqual(other.url(), address);
      quiet(other);
      await other.close();
    },
  );
}

export async function atlas_sets(context) {
  for (const theme of ["light", "dark"]) {
    const page = await open(context, at({ theme }));
    await settled(page);
    if (theme === "light") await colours(page);
    await lasso(page, theme);
    await sets(page, theme);
    await restored(page, theme);
    await played(page, theme);
    await page.close();
  }
}

// Drives Circuits: maps and diagrams say what REST says, a cell opens its experiment, a diagram leaves as a drawing.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { readFile } from "node:fs/promises";
import { axe, check, open, quiet, rest, settings, themes, values } from "./driver.mjs";

const model = settings.model;
const PAIR = {
  model,
  prompt: "When Mary and John went to the shop, John gave a drink to",
  corrupt: "When Mary and John went to the shop, Mary gave a drink to",
  target: " Mary",
  distractor: " John",
};
const HEAD = "4.0";

function address(query) {
  return `/circuits?${new URLSearchParams(query)}`;
}

const CHAIN = { ...PAIR, view: "paths", receivers: `logits; q.${HEAD}` };
export const shots = [
  { name: "circuits-empty", address: address({ model }), ready: ".empty" },
  { name: "circuits-patching", address: address({ ...PAIR, sites: "z" }), ready: ".heat-plot canvas" },
  { name: "circuits-paths", address: address(CHAIN), ready: `[data-to="head ${HEAD}"]` },
  {
    name: "circuits-composition",
    address: address({ model, view: "composition" }),
    ready: "[data-strength]",
  },
  { name: "circuits-neurons", address: address({ model, view: "neurons" }), ready: "[data-strength]" },
];

export async function circuits(context) {
  for (const theme of ["light", "dark"])
    await check(`path diagrams in ${theme} hold every path of REST above the threshold`, () =>
      followed(context, theme),
    );
  await check("the threshold says how many links of how many it keeps, and the address keeps it", () =>
    narrowed(context),
  );
  await check("a cell of a patching map opens its experiment in the dock", () => experimented(context));
  await check("a progressive map ends exact where it says so, and marks where its estimates were off", () =>
    progressive(context),
  );
  await check("it fills in while it runs, and a cancelled one keeps what is there", () => filling(context));
  await check("a head is reached and followed further back by the keyboard alone", () => walked(context));
  await check("an exported SVG opens on its own and holds the links", () => exported(context));
  await check("composition says what REST says of every pair, and a pair opens its path", () =>
    composed(context),
  );
  await check("neurons that interact are drawn, and a stored matrix is drawn again", () => again(context));
}

function settled(page) {
  return page.waitForFunction(() => document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0);
}

/** What is drawn: from, to and strength of every link. */
function drawn(page) {
  return page.$$eval("[data-strength]", (links) =>
    links.map(({ dataset }) => [dataset.from, dataset.to, Number(dataset.strength)]),
  );
}

function sorted(links) {
  return links.toSorted((one, other) => `${one}`.localeCompare(`${other}`));
}

/** Every path into a receiver that REST knows of. */
async function pathsInto(receivers, to) {
  const { digest, dims } = await rest("/analyses/path_patching?wait=60", { ...PAIR, receivers });
  const heads = (await values(digest, "effect")).flat.map((strength, at) => [
    `head ${Math.floor(at / dims.head)}.${at % dims.head}`,
    to,
    strength,
  ]);
  const mlps = (await values(digest, "mlp_effect")).flat.map((strength, at) => [`MLP ${at}`, to, strength]);
  return [...heads, ...mlps].filter(([, , strength]) => strength !== null);
}

async function followed(context, theme) {
  const all = [...(await pathsInto("logits", "logits")), ...(await pathsInto(`q.${HEAD}`, `head ${HEAD}`))];
  const page = await open(context, `${settings.url}${address({ ...CHAIN, above: "0.002", theme })}`);
  await page.waitForSelector(`[data-to="head ${HEAD}"]`);
  const kept = all.filter(([, , strength]) => Math.abs(strength) >= 0.002);
  deepStrictEqual(sorted(await drawn(page)), sorted(kept));
  const words = await page.locator("[data-kept]").innerText();
  deepStrictEqual(words.match(/\d+/g).slice(0, 2).map(Number), [kept.length, all.length]);
  const fill = await page.$eval("[data-label]", (label) => label.getAttribute("fill"));
  strictEqual(fill, themes()[theme].text);
  deepStrictEqual(await axe(page), []);
  quiet(page);
  await page.close();
}

async function narrowed(context) {
  const page = await open(context, `${settings.url}${address({ ...PAIR, view: "paths" })}`);
  await page.waitForSelector("[data-strength]");
  const slider = page.getByRole("slider", { name: /Links from/ });
  const before = (await drawn(page)).length;
  await slider.focus();
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.querySelectorAll("[data-strength]").length === 1);
  await page.keyboard.press("Home");
  await page.getByText(/Showing all \d+ links/).waitFor();
  ok((await drawn(page)).length > before);
  await page.waitForURL(/above=0/);
  await page.getByRole("button", { name: "Table" }).first().click();
  const rows = page.locator(".link-table tbody tr");
  strictEqual(`Showing all ${await rows.count()} links.`, await page.locator("[data-kept]").innerText());
  await page.waitForURL(/table\.diagram=1/);
  await page.reload();
  await rows.first().waitFor();
  quiet(page);
  await page.close();
}

async function experimented(context) {
  const page = await open(context, `${settings.url}${address({ ...PAIR, sites: "z" })}`);
  const plot = page.locator("[data-panel=patching] .heat-plot");
  await plot.locator("canvas").waitFor();
  await settled(page);
  const { digest } = await rest("/analyses/activation_patching?wait=60", {
    ...PAIR,
    sites: "z",
    direction: "denoise",
  });
  strictEqual(await page.locator("[data-panel=patching] [data-digest]").getAttribute("data-digest"), digest);
  await plot.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.waitForURL(/dock=1/);
  const [, layer, head] = /sel=.*?layer%3A(\d+).*?head%3A(\d+)/.exec(page.url());
  await page.getByRole("group", { name: `Experiments at z.${layer}.${head}` }).waitFor();
  await page.getByRole("button", { name: /Patch/ }).last().click();
  await page.getByText("Answer restored").waitFor();
  quiet(page);
  await page.close();
}

/** Two cells are exact, or differ as two orders of the same sum do. */
function near(one, other) {
  return Math.abs(one - other) <= 1e-4 * Math.max(1, Math.abs(other));
}

const HATCHED = /estimated by gradients; (\d+) of (\d+) cells are exact.* corner: (\d+) whose estimate/;

async function progressive(context) {
  const map = { ...PAIR, sites: "residual", positions: "each", direction: "denoise" };
  const found = await rest("/analyses/progressive_patching?wait=60", map);
  const exact = await rest("/analyses/activation_patching?wait=60", map);
  const measured = (await values(found.digest, "exact", { direction: 0 })).flat;
  const whole = (await values(exact.digest, "effect", { direction: 0 })).flat;
  measured.forEach((one, cell) => ok(one === null || near(one, whole[cell]), `cell ${cell} is not exact`));
  const off = (await values(found.digest, "disagreement", { direction: 0 })).flat;
  const apart = off.filter((one) => one !== null && Math.abs(one) > 0.1).length;
  const page = await open(context, `${settings.url}${address({ ...map, method: "progressive_patching" })}`);
  const panel = page.locator("[data-panel=patching]");
  await panel.locator(`[data-digest="${found.digest}"] canvas`).waitFor();
  const words = HATCHED.exec(await panel.getByText("Hatched grey:").textContent());
  deepStrictEqual(words.slice(1).map(Number), [found.attrs.n_exact, measured.length, apart]);
  ok(found.attrs.n_exact < measured.length && apart > 0, "nothing is left to guess, or no guess was off");
  quiet(page);
  await page.close();
}

const LONG = "Mary and John went to the shop and John took the bag home. ".repeat(12);

async function filling(context) {
  const long = { ...PAIR, prompt: `${LONG}${PAIR.prompt}`, corrupt: `${LONG}${PAIR.corrupt}` };
  const args = JSON.stringify({ positions: "each", n_cells: 100_000 });
  const query = new URLSearchParams({ ...long, analysis: "progressive_patching", args });
  const page = await open(context, `${settings.url}/lab?${query}`);
  const panel = page.locator("[data-panel=answer]");
  const seen = /; [1-9]\d* of \d+ cells are exact/;
  await panel.getByText("so far").and(panel.locator(".figure-foot span")).waitFor({ timeout: 120_000 });
  const hatched = panel.getByText(seen);
  await hatched.waitFor();
  const count = async () =>
    HATCHED.exec(await hatched.textContent())
      .slice(1)
      .map(Number);
  const [before, all] = await count();
  await panel.getByRole("button", { name: "Cancel" }).click();
  await panel.locator("[data-phase=cancelled]").waitFor();
  await panel.locator("a.digest").waitFor();
  const digest = await panel.locator(".drawing").getAttribute("data-digest");
  const kept = await rest(`/results/${digest}`);
  const [after] = await count();
  ok(after >= before && after < all, `${after} of ${all} cells are exact after ${before}`);
  deepStrictEqual([kept.attrs.n_exact, kept.provenance.arguments.n_cells], [after, after]);
  quiet(page);
  await page.close();
}

async function walked(context) {
  const page = await open(context, `${settings.url}${address({ ...PAIR, view: "paths" })}`);
  await page.waitForSelector("[data-strength]");
  const plot = page.getByRole("application", { name: /^Paths/ });
  await plot.focus();
  for (const key of ["ArrowRight", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp"])
    await page.keyboard.press(key);
  strictEqual(await plot.getAttribute("data-seen"), `head ${HEAD}`);
  await page.keyboard.press("Enter");
  await page.waitForURL(/sel=layer%3A4%2Chead%3A0/);
  await page.getByRole("button", { name: `Into the queries of ${HEAD}` }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(`[data-from][data-to="head ${HEAD}"]`);
  ok(new URL(page.url()).searchParams.get("receivers").includes(`q.${HEAD}`));
  quiet(page);
  await page.close();
}

async function exported(context) {
  const page = await open(context, `${settings.url}${address(CHAIN)}`);
  await page.waitForSelector(`[data-to="head ${HEAD}"]`);
  await page
    .locator("[data-panel=path-graph]")
    .getByRole("button", { name: "Paths: export and more" })
    .click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "Export SVG" }).click(),
  ]);
  strictEqual(file.suggestedFilename(), "path-graph.svg");
  const text = await readFile(await file.path(), "utf8");
  const held = await page.evaluate((svg) => {
    const read = new DOMParser().parseFromString(svg, "image/svg+xml");
    if (read.querySelector("parsererror")) return null;
    return [...read.querySelectorAll("[data-strength]")].map(({ dataset }) => [
      dataset.from,
      dataset.to,
      Number(dataset.strength),
    ]);
  }, text);
  deepStrictEqual(held, await drawn(page));
  ok(!/var\(|class=|<script|href=/.test(text), "its colours are inlined, and it names no other file");
  ok(text.includes(PAIR.prompt), "it says what it is of");
  await page
    .locator("[data-panel=path-graph]")
    .getByRole("button", { name: "Paths: export and more" })
    .click();
  const [picture] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "Export PNG" }).click(),
  ]);
  const png = await readFile(await picture.path());
  ok(png.length > 10_000 && png.subarray(1, 4).toString() === "PNG");
  quiet(page);
  await page.close();
}

async function composed(context) {
  const { digest, coords } = await rest("/analyses/head_composition?wait=60", { model });
  const names = coords.item.values;
  const { flat } = await values(digest, "debiased", { site: 1 });
  const all = flat.flatMap((strength, at) =>
    strength === null
      ? []
      : [[`head ${names[Math.floor(at / names.length)]}`, `head ${names[at % names.length]}`, strength]],
  );
  const at = { model, view: "composition", "at.composition": "site:1", above: "0.1" };
  const sel = `site:1,item:1,other:${names.indexOf("1.3")}`;
  const page = await open(context, `${settings.url}${address({ ...at, sel })}`);
  await page.waitForSelector("[data-strength]");
  await settled(page);
  deepStrictEqual(
    sorted(await drawn(page)),
    sorted(all.filter(([, , strength]) => Math.abs(strength) >= 0.1)),
  );
  deepStrictEqual(await axe(page), []);
  await page.getByRole("button", { name: "Measure the path into the keys of 1.3" }).click();
  await page.waitForURL(/view=paths/);
  strictEqual(new URL(page.url()).searchParams.get("receivers"), "k.1.3");
  await page.getByRole("button", { name: "Take a common prompt" }).click();
  await page.waitForSelector('[data-to="head 1.3"]');
  quiet(page);
  await page.close();
}

async function again(context) {
  const { digest } = await rest("/analyses/neuron_interactions?wait=60", { model, n_neurons: 5 });
  const page = await open(context, `${settings.url}${address({ model, view: "neurons", above: "0" })}`);
  await page.waitForSelector("[data-strength]");
  const { flat } = await values(digest, "interaction");
  const strengths = (await drawn(page)).map(([, , strength]) => strength);
  ok(strengths.length >= 10 && strengths.every((strength) => flat.includes(strength)));
  const p = (await values(digest, "interaction_p")).flat;
  const unsure = await page.locator('[data-unsure="true"]').count();
  strictEqual(unsure, p.filter((value) => value !== null && value >= 0.05).length / 2);
  const links = sorted(await drawn(page));
  await page.goto(`${settings.url}${address({ model, view: "graph", result: digest, above: "0" })}`);
  await page.waitForSelector("[data-panel=stored-graph] [data-strength]");
  deepStrictEqual(sorted(await drawn(page)), links);
  await page.goto(
    `${settings.url}${address({ model, view: "neurons", panel: "neurons-graph", embed: "1" })}`,
  );
  await page.waitForSelector("[data-strength]");
  strictEqual(await page.locator("[data-panel]").count(), 1);
  quiet(page);
  await page.close();
}

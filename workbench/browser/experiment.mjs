// The dock: any cell or unit is an experiment, whose effect is drawn there; interventions are ordered, switched, saved.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";

const model = "builtin:scribe";
const PAIR = {
  prompt: "When Mary and John went to the shop, John gave a drink to",
  corrupt: "When Mary and John went to the shop, Mary gave a drink to",
  target: " Mary",
  distractor: " John",
};
const HEADS = { analysis: "activation_patching", args: JSON.stringify({ sites: "z" }) };
const DOCKED = `/lab?${new URLSearchParams({ model, prompt: "When Mary and John went", dock: "1" })}`;
const LENS = { model, prompt: "When Mary and John went" };

export const shots = [
  {
    name: "interventions",
    address: `${DOCKED}&do=resid_post.3%20scale%3D0.5%3B%20off%20z.2.1%20mean`,
    ready: ".changes",
  },
];

export async function experiment(context) {
  const page = await open(context, `${settings.url}${labOf(HEADS)}`);
  await check("a cell of a heat map is patched, and the effect is the cell's own number", () =>
    patched(page),
  );
  await check("its ablation stands among size-matched random units, and is a stored result", () =>
    ablated(page),
  );
  await check("it is steered by as much as is typed, and that goes on the stack", () => steered(page));
  await page.close();
  await check("a unit's ablation over a task has an interval over prompts", () => overPrompts(context));
  await check("a position of the stream is steered towards the target", () => towards(context));
  await check("an intervention changes the answer, stands in the address, and undo takes it back", () =>
    undone(context),
  );
  await check("interventions are ordered, moved and switched off by the keyboard alone", () =>
    ordered(context),
  );
  await check("a stack is a file that Python reads and asks with, and Python's file is read here", () =>
    filed(context),
  );
}

function labOf(more) {
  return `/lab?${new URLSearchParams({ model, ...PAIR, ...more })}`;
}

const answer = (page) => page.locator(".dock .experiment-answer");

/** What the dock says of the experiment that is on, once it is answered; the digest is that of the stored result. */
async function found(page) {
  const link = answer(page).getByRole("link", { name: /Stored as/ });
  await link.waitFor({ timeout: 120_000 });
  const address = new globalThis.URL(await link.getAttribute("href"), settings.url);
  strictEqual(address.pathname, "/results");
  return {
    address: address.href,
    digest: address.searchParams.get("result"),
    text: await answer(page).textContent(),
    effect: await answer(page).locator("strong").textContent(),
    dots: await answer(page).locator("circle.null").count(),
  };
}

async function patched(page) {
  const plot = page.locator("[data-panel=answer] .heat-plot");
  await plot.locator("canvas").waitFor();
  const map = await page.getAttribute("[data-panel=answer] .drawing", "data-digest");
  await plot.focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(/sel=/);
  await page.keyboard.press("p");
  await page.waitForURL(/dock=1/);
  const { digest, effect, dots } = await found(page);
  const place = placesIn(page.url());
  const { shape, axes, flat } = await values(map, "effect", { direction: 0 });
  deepStrictEqual(axes, ["layer", "head"]);
  const cell = flat[place.layer * shape[1] + place.head];
  const row = flat.slice(place.layer * shape[1], (place.layer + 1) * shape[1]);
  const as = row.filter((one, head) => head !== place.head && Math.abs(one) >= Math.abs(cell)).length;
  strictEqual(
    effect,
    `${cell.toPrecision(3)}; ${as} of ${row.length - 1} other heads of layer ${place.layer} restore as much (this prompt)`,
  );
  strictEqual(dots, row.length - 1);
  strictEqual((await rest(`/results/${digest}`)).analysis, "activation_patching");
}

function placesIn(address) {
  const sel = new globalThis.URL(address).searchParams.get("sel");
  const pairs = sel.split(",").map((part) => part.split(":"));
  return Object.fromEntries(pairs.map(([axis, index]) => [axis, Number(index)]));
}

async function ablated(page) {
  const { layer, head } = placesIn(page.url());
  await page.getByRole("button", { name: /^Ablate/ }).click();
  await answer(page).getByText("Change of the logit difference").waitFor();
  const told = await found(page);
  const { prompt, target, distractor } = PAIR;
  const ops = [`z.${layer}.${head} mean`];
  const same = await rest("/analyses/intervention_effect?wait=60", {
    model,
    ops,
    prompt,
    target,
    distractor,
  });
  strictEqual(told.digest, same.digest);
  const [effect] = (await values(same.digest, "effect", { measure: 0 })).flat;
  const drawn = (await values(same.digest, "null", { measure: 0 })).flat;
  const [p] = (await values(same.digest, "p", { measure: 0 })).flat;
  const as = drawn.filter((one) => Math.abs(one) >= Math.abs(effect)).length;
  strictEqual(
    told.effect,
    `${effect.toPrecision(3)}; ${as} of ${drawn.length} random units of the same size move it as much ` +
      `(p = ${p.toFixed(3)}, this prompt)`,
  );
  strictEqual(told.dots, drawn.length);
  strictEqual(told.text.includes("not distinguishable from random"), p >= 0.05);
  deepStrictEqual(await axe(page), []);
  const kept = await open(page.context(), told.address);
  await kept.locator(`.drawing[data-digest="${told.digest}"]`).waitFor();
  quiet(kept);
  await kept.close();
}

async function steered(page) {
  const { layer, head } = placesIn(page.url());
  await page.getByLabel("Coefficient of steering").fill("3");
  await page.getByRole("button", { name: /^Steer/ }).click();
  const op = `z.${layer}.${head} scale=3`;
  await page.locator(".dock code", { hasText: op }).waitFor();
  const { digest } = await found(page);
  const { provenance } = await rest(`/results/${digest}`);
  deepStrictEqual(provenance.arguments.ops, [op]);
  await page.getByRole("button", { name: "Add to interventions" }).click();
  await page.waitForFunction((text) => new URLSearchParams(location.search).get("do") === text, op);
  quiet(page);
}

async function overPrompts(context) {
  const query = new URLSearchParams({ model, unit: "mlp_act.3.17", task: "indirect-object", dock: "1" });
  const page = await open(context, `${settings.url}/unit?${query}`);
  await page.getByRole("group", { name: "Experiments at mlp_act.3.17" }).waitFor();
  await page.keyboard.press("a");
  const told = await found(page);
  const [low, high] = await Promise.all(
    ["low", "high"].map(async (name) => (await values(told.digest, name, { measure: 0 })).flat[0]),
  );
  ok(
    told.effect.endsWith(`, 95 % interval ${low.toPrecision(3)} to ${high.toPrecision(3)} over prompts`),
    told.effect,
  );
  strictEqual(told.text.includes("not distinguishable from random"), low <= 0 && high >= 0);
  quiet(page);
  await page.close();
}

async function towards(context) {
  const address = labOf({ sel: "depth:3,position:5", dock: "1" });
  const page = await open(context, `${settings.url}${address}`);
  await page.waitForSelector("[data-panel=answer] .heat-plot canvas");
  await page.getByRole("group", { name: "Experiments at resid_pre.3@5" }).waitFor();
  await page.keyboard.press("s");
  const { digest } = await found(page);
  const { provenance } = await rest(`/results/${digest}`);
  deepStrictEqual(provenance.arguments.ops, ['resid_pre.3@5 add=2*(token " Mary" - token " John")']);
  quiet(page);
  await page.close();
}

async function undone(context) {
  const page = await open(context, `${settings.url}${DOCKED}`);
  const field = page.getByRole("textbox", { name: "Place and op of a new intervention" });
  await field.fill("resid_post.3 scale=0.5");
  await field.press("Enter");
  await page.waitForURL(/do=resid_post\.3/);
  await page.getByText("As Python and command line").click();
  await page.getByText("--do 'resid_post.3 scale=0.5'").waitFor();
  const changed = await rest("/analyses/logit_lens?wait=60", { ...LENS, do: ["resid_post.3 scale=0.5"] });
  await page.waitForSelector(`.drawing[data-digest="${changed.digest}"]`);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForURL((url) => !url.searchParams.has("do"));
  const bare = await rest("/analyses/logit_lens?wait=60", LENS);
  await page.waitForSelector(`.drawing[data-digest="${bare.digest}"]`);
  quiet(page);
  await page.close();
}

async function ordered(context) {
  const page = await open(context, `${settings.url}${DOCKED}&do=z.2.1%20zero%3B%20mlp_act.3.7%20scale%3D0`);
  await page.getByRole("button", { name: "Move mlp_act.3.7 scale=0 up" }).press("Enter");
  await page.waitForURL(/do=mlp_act\.3\.7/);
  await page.getByRole("slider", { name: "Value at mlp_act.3.7" }).press("ArrowRight");
  await page.waitForURL(/do=mlp_act\.3\.7(\+|%20)scale(%3D|=)0\.1/);
  await page.getByRole("switch", { name: "Make the change z.2.1 zero" }).press("Space");
  await page.waitForURL(/off(\+|%20)z\.2\.1/);
  quiet(page);
  await page.close();
}

/** Reads a saved stack in Python, asks with it, and saves one of its own; prints what it did and its answer's digest. */
const PYTHON = `
import json, sys
import neuronscope
from neuronscope import interventions
from neuronscope.results import provenance
saved, other, question = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
model = neuronscope.open_model(question["model"]).under(interventions.load(saved))
answer = neuronscope.logit_lens(model, question["prompt"])
interventions.save(["mlp_act.1.4 scale=2", "z.2.1 mean"], other)
print(json.dumps({"do": provenance(answer)["models"]["model"]["do"], "digest": neuronscope.results.digest(answer)}))
`;

async function filed(context) {
  const stack = 'resid_post.2 add=3*(token " the" - token " a"); off z.2.1 mean; mlp_act.3.17 scale=-1';
  const query = new URLSearchParams({ ...LENS, dock: "1", do: stack });
  const page = await open(context, `${settings.url}/lab?${query}`);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save file" }).click(),
  ]);
  strictEqual(file.suggestedFilename(), "interventions.json");
  const saved = await file.path();
  strictEqual(JSON.parse(await readFile(saved, "utf8")).format, "neuronscope-interventions");
  const other = join(mkdtempSync(join(tmpdir(), "stack-")), "stack.json");
  const asked = ["-c", PYTHON, saved, other, JSON.stringify(LENS)];
  const { stdout } = await promisify(execFile)(settings.python, asked);
  const told = JSON.parse(stdout.trim().split("\n").at(-1));
  const on = stack.split("; ").filter((text) => !text.startsWith("off "));
  const answered = await rest("/analyses/logit_lens?wait=60", { ...LENS, do: on });
  deepStrictEqual(told, { do: answered.provenance.models.model.do, digest: answered.digest });
  await page.getByLabel("Load a file of interventions").setInputFiles(other);
  const now = "mlp_act.1.4 scale=2; z.2.1 mean";
  await page.waitForFunction((text) => new URLSearchParams(location.search).get("do") === text, now);
  await page.getByLabel("Load a file of interventions").setInputFiles(join(import.meta.dirname, "all.mjs"));
  await page.getByText("This is no file of interventions").waitFor();
  await page.waitForFunction((text) => new URLSearchParams(location.search).get("do") === text, now);
  quiet(page);
  await page.close();
}

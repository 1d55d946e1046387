// Results: the list is the store's, and of one answer its picture, its origin, its kin and how to ask it again.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { axe, check, open, quiet, rest, settings, values } from "./driver.mjs";

const PROMPT = "The keys to the cabinet";
const MOST = 100;

export const shots = [
  { name: "results-list", address: "/results", ready: ".results-list li" },
  {
    name: "results-open",
    address: async () => {
      const lens = await rest("/analyses/logit_lens?wait=60", { model: settings.model, prompt: PROMPT });
      return `/results?result=${lens.digest}`;
    },
    ready: ".provenance .facts",
  },
  { name: "results-none", address: "/results?text=nothing-like-it", ready: ".results-list .empty" },
];

const at = (query) => `${settings.url}/results?${new URLSearchParams(query)}`;
const listed = (page) => page.$$eval(".result-choice .mono", (all) => all.map((one) => one.textContent));
const starts = (entries) => entries.map(({ digest }) => digest.slice(0, 8));

/** Waits until the list shows what REST says now. */
async function sameList(page, query) {
  const told = await rest(`/results?${new URLSearchParams({ ...query, limit: String(MOST) })}`);
  await page.waitForFunction(
    (digests) =>
      [...document.querySelectorAll(".result-choice .mono")].map((one) => one.textContent).join() === digests,
    starts(told).join(),
  );
  deepStrictEqual(await listed(page), starts(told));
  return told;
}

/** An answer, and one that was made of it. */
async function kin() {
  const parent = await rest("/analyses/neuron_examples?wait=60", { model: settings.model, n_tokens: 2000 });
  const child = await rest("/analyses/neuron_statistics?wait=60", {
    model: settings.model,
    record: parent.digest,
  });
  return { parent: parent.digest, child: child.digest };
}

async function list(context, theme) {
  await check(`${theme}: the list is the store's, newest first, and the filter is the server's`, async () => {
    const page = await open(context, at({ theme }));
    const all = await sameList(page, {});
    ok(all.length > 1, "the store holds too little to list");
    const box = page.getByRole("textbox", { name: "Words in the title" });
    await box.fill("logit_lens");
    const some = await sameList(page, { text: "logit_lens" });
    ok(some.length > 0 && some.length < all.length);
    await page.waitForURL(/text=logit_lens/);
    await box.fill("nothing-like-it");
    await page.waitForSelector(".results-list .empty");
    strictEqual((await listed(page)).length, 0);
    await box.fill("");
    await sameList(page, {});
    deepStrictEqual(await axe(page), []);
    quiet(page);
    await page.close();
  });
}

async function answer(context, lens) {
  await check("an answer is chosen by the keyboard and stands in the address", async () => {
    const page = await open(context, at({ text: "logit_lens" }));
    const choice = page.locator(".result-choice", { hasText: lens.digest.slice(0, 8) });
    await choice.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`result=${lens.digest}`));
    await page.waitForSelector("[data-panel=result] .drawing canvas");
    strictEqual(await page.getAttribute(".drawing", "data-digest"), lens.digest);
    strictEqual(await choice.getAttribute("aria-pressed"), "true");
    const facts = await page.textContent(".provenance .facts");
    for (const word of [lens.digest, settings.model, PROMPT]) ok(facts.includes(word), `${word} is not told`);
    quiet(page);
    await page.close();
  });
  await check("its code is the server's, and its notebook is a file that asks the same", async () => {
    const page = await open(context, at({ result: lens.digest }));
    await page.waitForSelector(".code-panel pre");
    const tongues = { Python: "python", "Command line": "command_line", curl: "curl" };
    for (const [label, tongue] of Object.entries(tongues)) {
      await page.locator(".code-panel").getByText(label, { exact: true }).click();
      strictEqual(await page.textContent(`pre[data-tongue=${tongue}]`), lens.code[tongue]);
    }
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Notebook" }).click(),
    ]);
    ok(file.suggestedFilename().endsWith(".ipynb"), file.suggestedFilename());
    const chunks = await (await file.createReadStream()).toArray();
    const book = JSON.parse(Buffer.concat(chunks).toString());
    ok(book.cells.some(({ source }) => [source].flat().join("") === lens.code.python.trimEnd()));
    quiet(page);
    await page.close();
  });
  await check("an address restores the answer and how it was looked at; a wrong one says so", async () => {
    const page = await open(context, at({ result: lens.digest, at: "rank:2", table: "1" }));
    await page.waitForSelector("[data-panel=result] table.data");
    strictEqual(JSON.parse(await page.getAttribute(".drawing", "data-at")).rank, 2);
    quiet(page);
    await page.goto(at({ result: "0000000000000000" }));
    const sentence = await page.textContent("[data-panel=result] .complaint");
    ok(sentence.includes("0000000000000000"), sentence);
    await page.close();
  });
}

async function family(context) {
  const { parent, child } = await kin();
  await check("what it was made from and what of it are links to them", async () => {
    const page = await open(context, at({ result: child }));
    await page.locator(".kin", { hasText: "Made from" }).getByRole("link").click();
    await page.waitForURL(new RegExp(`result=${parent}`));
    const made = page.locator(".kin", { hasText: "Made of it" });
    await made.getByRole("link", { name: child.slice(0, 8) }).click();
    await page.waitForURL(new RegExp(`result=${child}`));
    deepStrictEqual(await axe(page), []);
    quiet(page);
    await page.close();
  });
}

/** What each export begins with. */
const BEGINS = {
  nc: "\x89HDF",
  zarr: "PK",
  csv: "",
  jsonl: "",
  json: "{",
  npz: "PK",
  png: "\x89PNG",
  svg: "<",
  html: "<!doctype html",
};

/** Cells of a line of comma-separated values. */
function cells(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  );
}

async function files(context, lens) {
  await check("every export of the menu is a file of its kind, and csv has the values of REST", async () => {
    const page = await open(context, at({ result: lens.digest }));
    await page.waitForSelector("[data-panel=result] .drawing canvas");
    await page
      .locator("[data-panel=result]")
      .getByRole("button", { name: /export and more/ })
      .click();
    const exports = page.locator(".panel-menu a[href*=export]");
    await exports.first().waitFor();
    const links = await exports.evaluateAll((all) => all.map((one) => one.href));
    deepStrictEqual(
      links.map((link) => new URL(link).searchParams.get("format")),
      Object.keys(BEGINS),
    );
    for (const link of links) {
      const reply = await context.request.get(link, { timeout: 120_000 });
      const format = new URL(link).searchParams.get("format");
      strictEqual(reply.status(), 200, format);
      ok(/attachment/.test(reply.headers()["content-disposition"]), format);
      const body = await reply.body();
      ok(body.length > 100 && body.toString("latin1").startsWith(BEGINS[format]), format);
    }
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: /CSV table/ }).click(),
    ]);
    ok(file.suggestedFilename().endsWith(".csv"), file.suggestedFilename());
    const [head, ...lines] = readFileSync(await file.path(), "utf8")
      .trim()
      .split(/\r?\n/)
      .map(cells);
    const { flat } = await values(lens.digest, "probability");
    deepStrictEqual(
      lines.map((line) => Math.fround(Number(line[head.indexOf("probability")]))),
      flat.map(Math.fround),
    );
    quiet(page);
    await page.close();
  });
}

async function alone(context, lens) {
  await check("a panel opens alone, and the code that embeds it is a frame of that panel", async () => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: settings.url });
    const page = await open(context, at({ result: lens.digest, at: "rank:1" }));
    await page.waitForSelector("[data-panel=result] .drawing canvas");
    const more = page.locator("[data-panel=result]").getByRole("button", { name: /export and more/ });
    await more.click();
    const [lone] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("menuitem", { name: "Open alone" }).click(),
    ]);
    await lone.waitForSelector("[data-panel=result] .drawing canvas");
    strictEqual(await lone.locator("[data-panel]").count(), 1);
    strictEqual(JSON.parse(await lone.getAttribute(".drawing", "data-at")).rank, 1);
    await lone.close();
    await more.click();
    await page.getByRole("menuitem", { name: "Copy code that embeds it" }).click();
    const code = await page.evaluate(() => navigator.clipboard.readText());
    ok(code.startsWith("<iframe "), code);
    await page.evaluate((html) => document.body.insertAdjacentHTML("beforeend", html), code);
    const frame = page.frameLocator("iframe");
    await frame.locator("[data-panel=result] .drawing canvas").waitFor();
    strictEqual(await frame.locator("[data-panel]").count(), 1);
    strictEqual(await frame.locator(".rail, .top-bar").count(), 0);
    strictEqual(await frame.locator(".drawing").getAttribute("data-digest"), lens.digest);
    quiet(page);
    await page.close();
  });
}

async function looked(context, lens, theme) {
  await check(
    `${theme}: an answer with all that is about it is accessible, and read by keys alone`,
    async () => {
      const page = await open(context, at({ result: lens.digest, theme }));
      await page.waitForSelector("[data-panel=result] .drawing canvas");
      await page.waitForSelector(".provenance .facts");
      deepStrictEqual(await axe(page), []);
      await reach(page, "[data-panel=result] .heat-plot");
      for (const key of ["ArrowRight", "ArrowUp", "Enter"]) await page.keyboard.press(key);
      await page.waitForURL(/sel=/);
      await reach(page, ".code-panel input");
      await page.keyboard.press("ArrowRight");
      await page.waitForSelector("pre[data-tongue=command_line]");
      await reach(page, ".code-panel pre");
      const address = page.url();
      const other = await open(context, address);
      await other.waitForSelector("[data-panel=result] .drawing canvas");
      await other.waitForSelector(".heat-plot .pin");
      strictEqual(other.url(), address);
      quiet(other);
      await other.close();
      quiet(page);
      await page.close();
    },
  );
}

/** Presses Tab until an element has the focus. */
async function reach(page, selector) {
  for (let count = 0; count < 200; count += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  throw new Error(`Tab never reaches ${selector}.`);
}

async function notes(context) {
  await check("notes leave as a file, come back from it, and another file is refused in words", async () => {
    const address = `${settings.url}/unit?${new URLSearchParams({ model: settings.model, unit: "mlp_act.2.7", panel: "notes" })}`;
    const page = await open(context, address);
    const note = page.locator("[name=note]");
    await note.fill('Counts the kings; "quoted", and 2 < 3.');
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export", exact: true }).click(),
    ]);
    const path = await file.path();
    const told = JSON.parse(readFileSync(path, "utf8"));
    deepStrictEqual([told.format, told.notes.at(-1).unit], ["neuronscope-notes", "mlp_act.2.7"]);
    await page.evaluate(() => localStorage.removeItem("neuronscope-notes"));
    await page.reload();
    strictEqual(await note.inputValue(), "");
    const box = page.locator("[data-panel=notes] input[type=file]");
    await box.setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
    ok(
      (await page.locator("[data-panel=notes] .complaint").textContent()).startsWith(
        "This is no file of notes",
      ),
    );
    await box.setInputFiles(path);
    await page.waitForFunction(() =>
      document.querySelector("[name=note]").value.startsWith("Counts the kings"),
    );
    await page.reload();
    ok((await note.inputValue()).endsWith("2 < 3."));
    deepStrictEqual(await axe(page), []);
    quiet(page);
    await page.evaluate(() => localStorage.removeItem("neuronscope-notes"));
    await page.close();
  });
}

export async function results(context) {
  const asked = { model: settings.model, prompt: PROMPT };
  const lens = await rest("/analyses/logit_lens?wait=60", asked);
  await rest("/analyses/attention_patterns?wait=60", asked);
  for (const theme of ["light", "dark"]) await list(context, theme);
  await answer(context, lens);
  await family(context);
  await files(context, lens);
  await alone(context, lens);
  for (const theme of ["light", "dark"]) await looked(context, lens, theme);
  await notes(context);
}

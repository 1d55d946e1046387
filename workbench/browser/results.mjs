// Results: the list is the store's, and of one answer its picture, its origin, its kin and how to ask it again.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings } from "./driver.mjs";

const PROMPT = "The keys to the cabinet";
const MOST = 100;

export const shots = [
  { name: "results-list", address: "/results", ready: ".results-list li" },
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

export async function results(context) {
  const asked = { model: settings.model, prompt: PROMPT };
  const lens = await rest("/analyses/logit_lens?wait=60", asked);
  await rest("/analyses/attention_patterns?wait=60", asked);
  for (const theme of ["light", "dark"]) await list(context, theme);
  await answer(context, lens);
  await family(context);
}

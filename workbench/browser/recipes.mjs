// Recipes: followed step by step, their checks are the server's, and a copy is kept, edited and refused in words.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings } from "./driver.mjs";

const FOLLOWED = "induction";
const BUILDS = "neuron-portrait";

export const shots = [
  { name: "recipes-list", address: "/recipes", ready: ".recipe-list li" },
  {
    name: "recipes-followed",
    address: `/recipes?recipe=${FOLLOWED}&ask.heads=1`,
    ready: ".recipe-checks li",
  },
];

const at = (query) => `${settings.url}/recipes?${new URLSearchParams(query)}`;
const step = (page, name) => page.locator(`[data-step="${name}"]`);

/** Presses Tab until an element has the focus. */
async function reach(page, selector) {
  for (let count = 0; count < 120; count += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  throw new Error(`Tab never reaches ${selector}.`);
}

async function followed(context, theme) {
  await check(
    `${theme}: a recipe is opened and a step asked by the keyboard; its checks are the server's`,
    async () => {
      const page = await open(context, at({ theme }));
      const known = await rest("/recipes");
      await page.waitForSelector(".recipe-list li");
      const titles = await page.$$eval(".recipe-list li b", (all) => all.map((one) => one.textContent));
      deepStrictEqual(
        titles,
        known.map(({ title }) => title),
      );
      const recipe = known.find(({ name }) => name === FOLLOWED);
      await page.getByRole("button", { name: recipe.title }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(new RegExp(`recipe=${FOLLOWED}`));
      await step(page, "heads").waitFor();
      await reach(page, "[data-step=heads] .empty button");
      await page.keyboard.press("Enter");
      await step(page, "heads").locator(".recipe-checks li").first().waitFor();
      await page.waitForURL(/answer\.heads=/);
      const digest = await step(page, "heads").locator(".drawing").getAttribute("data-digest");
      const told = await rest("/recipes/check", { text: recipe.text, step: "heads", given: {}, digest });
      const seen = await step(page, "heads")
        .locator(".recipe-checks li")
        .evaluateAll((all) =>
          all.map((one) => ({
            met: one.dataset.met === "true",
            words: one.querySelector("span").textContent,
          })),
        );
      deepStrictEqual(
        seen,
        told.verdicts.map(({ met, words }) => ({ met, words })),
      );
      deepStrictEqual(await axe(page), []);
      const address = page.url();
      await page.reload();
      await step(page, "heads").locator(".recipe-checks li").first().waitFor();
      strictEqual(page.url(), address);
      strictEqual(await step(page, "heads").locator(".drawing").getAttribute("data-digest"), digest);
      quiet(page);
      await page.close();
    },
  );
}

async function changed(context) {
  await check(
    "a changed parameter is what the step is asked with, and forgets what was answered",
    async () => {
      const page = await open(context, at({ recipe: FOLLOWED, "ask.heads": "1" }));
      await step(page, "heads").locator(".drawing").waitFor();
      await page.waitForURL(/answer\.heads=/);
      await page.fill("[name=model]", "builtin:induction/seed2");
      await page.keyboard.press("Enter");
      await page.waitForURL((address) => !address.searchParams.has("answer.heads"));
      strictEqual(new URL(page.url()).searchParams.get("given.model"), "builtin:induction/seed2");
      await step(page, "heads").getByRole("button", { name: "Ask", exact: true }).click();
      await page.waitForURL(/answer\.heads=/);
      const digest = new URL(page.url()).searchParams.get("answer.heads");
      const { provenance } = await rest(`/results/${digest}`);
      strictEqual(provenance.models.model.name, "builtin:induction/seed2");
      quiet(page);
      await page.close();
    },
  );
  await check("a step that builds on an unanswered one says so and cannot be asked", async () => {
    const page = await open(context, at({ recipe: BUILDS }));
    const waiting = step(page, "statistics");
    await waiting.waitFor();
    ok((await waiting.textContent()).includes("It builds on record, which is not answered yet."));
    ok(await waiting.getByRole("button", { name: "Ask", exact: true }).isDisabled());
    ok(await step(page, "record").getByRole("button", { name: "Ask", exact: true }).isEnabled());
    quiet(page);
    await page.close();
  });
}

async function kept(context) {
  await check(
    "a copy is kept, survives a reload, is refused in words when wrong, and forgotten",
    async () => {
      const page = await open(context, at({ recipe: FOLLOWED }));
      const name = page.getByRole("textbox", { name: "Name to keep it under" });
      const text = page.getByRole("textbox", { name: "Text of the recipe, in YAML" });
      await name.fill("mine");
      await page.getByRole("button", { name: "Keep a copy" }).click();
      await page.waitForURL(/recipe=own/);
      await page.reload();
      await step(page, "heads").waitFor();
      const written = await text.inputValue();
      await text.fill(written.replace(/induction.heads/, "induction_hedas"));
      ok((await text.inputValue()) !== written, "the edit changed nothing");
      quiet(page);
      await page.getByRole("button", { name: "Save" }).click();
      const sentence = await page.locator("[data-panel=recipe] .complaint").textContent();
      const response = await fetch(`${settings.url}/api/v1/recipes/read`, {
        method: "POST",
        headers: { authorization: `Bearer ${settings.token}`, "content-type": "application/json" },
        body: JSON.stringify({ text: await text.inputValue() }),
      });
      strictEqual(response.status, 422);
      strictEqual(sentence, (await response.json()).detail);
      await text.fill(written);
      await page.getByRole("button", { name: "Save" }).click();
      await step(page, "heads").waitFor();
      await page.getByRole("button", { name: "Forget it" }).click();
      await page
        .locator(".recipe-list li", { hasText: "kept in this browser" })
        .waitFor({ state: "detached" });
      await page.close();
    },
  );
}

async function edited(context, theme) {
  await check(
    `${theme}: a copy is edited, saved and run by the keyboard; its answer, checks and changes are its own`,
    async () => {
      const page = await open(context, at({ recipe: FOLLOWED, theme }));
      const text = page.getByRole("textbox", { name: "Text of the recipe, in YAML" });
      const written = await text.inputValue();
      const mine = written
        .replace(/^title: .*$/m, "title: Mine, without a head")
        .replace(/above: [\d.]+/, "above: 0.99")
        .replace(/^steps:$/m, 'do: ["z.1.0 zero"]\nsteps:');
      await text.focus();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.insertText(mine);
      await reach(page, "[aria-label='Name to keep it under']");
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type("without");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.waitForURL(/recipe=own/);
      await page.getByRole("heading", { name: "Mine, without a head" }).waitFor();
      await reach(page, "[data-step=heads] .empty button");
      await page.keyboard.press("Enter");
      await step(page, "heads").locator(".recipe-checks li").first().waitFor({ timeout: 90_000 });
      const digest = await step(page, "heads").locator(".drawing").getAttribute("data-digest");
      const { provenance } = await rest(`/results/${digest}`);
      deepStrictEqual(provenance.models.model.do, ["z.1.0 zero"]);
      const plain = await rest("/analyses/induction_heads?wait=60", { model: provenance.models.model.name });
      ok(plain.digest !== digest);
      const told = await rest("/recipes/check", { text: mine, step: "heads", given: {}, digest });
      deepStrictEqual(
        await step(page, "heads")
          .locator(".recipe-checks li")
          .evaluateAll((all) => all.map((one) => one.dataset.met === "true")),
        told.verdicts.map(({ met }) => met),
      );
      deepStrictEqual(await axe(page), []);
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "Take as a file" }).click(),
      ]);
      strictEqual(file.suggestedFilename(), "without.yaml");
      strictEqual(Buffer.concat(await (await file.createReadStream()).toArray()).toString(), mine);
      const address = page.url();
      await page.goto("about:blank");
      await page.goto(address);
      await step(page, "heads").locator(".recipe-checks li").first().waitFor({ timeout: 60_000 });
      strictEqual(page.url(), address);
      strictEqual(await step(page, "heads").locator(".drawing").getAttribute("data-digest"), digest);
      await page.getByRole("button", { name: "Forget it" }).click();
      quiet(page);
      await page.close();
    },
  );
}

export async function recipes(context) {
  for (const theme of ["light", "dark"]) await followed(context, theme);
  await changed(context);
  await kept(context);
  for (const theme of ["light", "dark"]) await edited(context, theme);
}

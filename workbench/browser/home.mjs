// Drives Home: models with their certificates, results, a job that is cancelled, an alert that is acknowledged.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings } from "./driver.mjs";

const RULE = { name: "always", metric: "memory", threshold: 0, clear: 0, severity: "critical" };
const LONG = { model: "builtin:scribe", n_tokens: 200_000, seed: 7 };

export const shots = [{ name: "home", address: "/", ready: ".models tbody tr" }];

export async function home(context) {
  await rest("/analyses/model_card?wait=60", { model: settings.model });
  await rest("/analyses/logit_lens?wait=60", { model: settings.model, prompt: "The capital of France is" });
  for (const theme of ["light", "dark"])
    await check(`Home in ${theme} shows what REST says`, () => shown(context, theme));
  await check("a job is followed on Home and cancelled there", () => cancelled(context));
  await check("an alert fires on Home and is acknowledged by the keyboard alone", () =>
    acknowledged(context),
  );
}

async function shown(context, theme) {
  const page = await open(context, `${settings.url}/?theme=${theme}`);
  const models = await rest("/models");
  await page.waitForSelector(".certificate");
  strictEqual(await page.locator(".models tbody tr").count(), models.length);
  const { provenance } = await rest("/analyses/model_card?wait=60", { model: settings.model });
  const { exact, reduced, refused } = provenance.models.model.certificate;
  const words = [exact.length, Object.keys(reduced).length, Object.keys(refused).length];
  const row = page.locator(".models tbody tr", {
    has: page.getByRole("link", { name: settings.model, exact: true }),
  });
  deepStrictEqual((await row.locator(".certificate").innerText()).match(/\d+/g)?.map(Number), words);
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".recent img")].every((img) => img.complete),
  );
  ok(
    await page.evaluate(() =>
      [...document.querySelectorAll(".recent img")].some((img) => img.naturalWidth > 0),
    ),
  );
  deepStrictEqual(await axe(page), []);
  quiet(page);
  await row.getByRole("link", { name: "in lab" }).click();
  await page.waitForURL(/\/lab\?.*model=/);
  await page.close();
}

async function cancelled(context) {
  const { id } = await rest("/analyses/neuron_statistics?wait=0", LONG);
  const page = await open(context, `${settings.url}/`);
  await page.getByRole("button", { name: "Cancel neuron statistics" }).click();
  await page.getByRole("button", { name: "Cancel neuron statistics" }).waitFor({ state: "detached" });
  ok(["cancelled", "running"].includes((await rest(`/jobs/${id}`)).state));
  quiet(page);
  await page.close();
}

async function acknowledged(context) {
  await rule("PUT", RULE);
  await rest("/alerts/check", {});
  const page = await open(context, `${settings.url}/`);
  await page.locator(".alert strong", { hasText: RULE.name }).waitFor();
  await page.getByRole("button", { name: `Acknowledge ${RULE.name}` }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Seen by").waitFor();
  const { alerts } = await rest("/alerts");
  ok(alerts.find((alert) => alert.rule === RULE.name).acknowledged_by);
  deepStrictEqual(await axe(page), []);
  quiet(page);
  await page.close();
  await rule("DELETE");
}

async function rule(method, body) {
  const answer = await fetch(`${settings.url}/api/v1/admin/monitors/${RULE.name}`, {
    method,
    headers: { authorization: `Bearer ${settings.token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  ok(answer.ok, await answer.text());
}

// Drives Admin: a token made and revoked, the record verified, a rule written and removed, a model closed.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, quiet, rest, settings } from "./driver.mjs";

const TABS = ["tokens", "sessions", "audit", "monitors", "alerts", "memory"];

export const shots = TABS.map((tab) => ({
  name: `admin-${tab}`,
  address: `/admin?tab=${tab}`,
  ready: ".admin .panel",
}));

export async function admin(context) {
  for (const theme of ["light", "dark"])
    await check(`every tab of Admin in ${theme} is quiet and accessible`, () => tabs(context, theme));
  await check("a token is made, works, and is refused once it is revoked", () => token(context));
  await check("the record is verified in words", () => verified(context));
  await check("a rule is written, refused where it will not do, and removed", () => ruled(context));
  await check("an open model is closed", () => closed(context));
  for (const theme of ["light", "dark"])
    await check(`${theme}: tabs, a token and its end are reached by keys alone, and are on record`, () =>
      byKeys(context, theme),
    );
  await check("a rule that fires is told with its value, in its history and on Home", () => fired(context));
  await check("another browser is signed out", () => signedOut(context));
  await check("what is held in memory is what REST says", () => held(context));
}

async function tabs(context, theme) {
  const page = await open(context, `${settings.url}/admin?theme=${theme}`);
  for (const tab of TABS) {
    await page.goto(`${settings.url}/admin?tab=${tab}&theme=${theme}`);
    await page.waitForSelector(".admin .panel");
    await page.waitForFunction(() => document.querySelectorAll(".skeleton").length === 0);
    deepStrictEqual(await axe(page), [], tab);
  }
  quiet(page);
  await page.close();
}

async function token(context) {
  const page = await open(context, `${settings.url}/admin`);
  const name = `reader ${Date.now()}`;
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.keyboard.press("Enter");
  const secret = await page.locator(".secret code").innerText();
  const status = async () =>
    (await fetch(`${settings.url}/api/v1/jobs`, { headers: { authorization: `Bearer ${secret}` } })).status;
  strictEqual(await status(), 200);
  await page.getByRole("button", { name: `Revoke ${name}`, exact: true }).click();
  await page.keyboard.press("Enter");
  await page.locator("tr", { hasText: name }).getByText("revoked").waitFor();
  strictEqual(await status(), 401);
  quiet(page);
  await page.close();
}

async function verified(context) {
  const page = await open(context, `${settings.url}/admin?tab=audit`);
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText("rows are as they were written").waitFor();
  await page.getByLabel("Only this action").fill("start");
  await page.keyboard.press("Enter");
  await page.waitForURL(/action=start/);
  await page.waitForFunction(() => {
    const actions = [...document.querySelectorAll(".admin tbody tr td:nth-child(4)")];
    return actions.length > 0 && actions.every((cell) => cell.textContent === "start");
  });
  quiet(page);
  await page.close();
}

async function find() {
  return (await rest("/alerts")).alerts.find(({ rule }) => rule === "by-browser");
}

async function ruled(context) {
  const page = await open(context, `${settings.url}/admin?tab=monitors`);
  await page.getByRole("button", { name: "Add a rule" }).click();
  const form = page.locator('[data-panel="rule"]');
  await form.getByLabel("Name").fill("by-browser");
  await form.getByLabel("Watches").click();
  await page.getByRole("option", { name: "Queue" }).click();
  await form.getByLabel(/Fires beyond/).fill("10");
  await form.getByLabel(/Clears at/).fill("20");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("clear=20 is above the threshold 10").waitFor();
  await form.getByLabel(/Clears at/).fill("5");
  await form.getByRole("button", { name: "Save" }).click();
  await form.waitFor({ state: "detached" });
  deepStrictEqual([(await find()).threshold, (await find()).clear], [10, 5]);
  await page.getByRole("button", { name: "Remove by-browser", exact: true }).click();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Edit by-browser" }).waitFor({ state: "detached" });
  strictEqual(await find(), undefined);
  // The refusal was asked for.
  page.troubles.splice(0, page.troubles.length, ...page.troubles.filter((text) => !text.includes("422")));
  quiet(page);
  await page.close();
}

async function closed(context) {
  await rest("/tokens", { model: "builtin:induction/seed0", text: "a" }).catch(() => undefined);
  await rest("/tokens", { model: settings.model, text: "a" });
  const page = await open(context, `${settings.url}/admin?tab=memory`);
  const button = page.getByRole("button", { name: `Close ${settings.model}`, exact: true });
  await button.click();
  await page.keyboard.press("Enter");
  await button.waitFor({ state: "detached" });
  const { models } = await rest("/admin/memory");
  ok(models.every(({ model }) => model !== settings.model));
  quiet(page);
  await page.close();
}

/** Presses Tab until an element has the focus. */
async function reach(page, selector) {
  for (let count = 0; count < 120; count += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  throw new Error(`Tab never reaches ${selector}.`);
}

async function byKeys(context, theme) {
  const page = await open(context, `${settings.url}/admin?theme=${theme}`);
  await page.waitForSelector(".admin [role=tab]");
  const name = `${theme} keys ${Date.now()}`;
  await reach(page, "[data-panel=new-token] input");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".secret code");
  await reach(page, `[aria-label="Revoke ${name}"]`);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.locator("tr", { hasText: name }).getByText("revoked").waitFor();
  await page.locator("[role=tab][aria-selected=true]").focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/tab=sessions/);
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/tab=audit/);
  for (const action of ["token created", "token revoked"])
    await page
      .locator(".admin tbody tr", { hasText: `of=${name}` })
      .getByText(action)
      .waitFor();
  const address = page.url();
  await page.reload();
  await page
    .locator(".admin tbody tr", { hasText: `of=${name}` })
    .first()
    .waitFor();
  strictEqual(page.url(), address);
  quiet(page);
  await page.close();
}

async function fired(context) {
  const rule = {
    name: "by-browser-fires",
    metric: "memory",
    threshold: 0.0001,
    clear: 0,
    severity: "notice",
  };
  const reply = await fetch(`${settings.url}/api/v1/admin/monitors/${rule.name}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${settings.token}`, "content-type": "application/json" },
    body: JSON.stringify(rule),
  });
  strictEqual(reply.status, 200, await reply.text());
  try {
    const page = await open(context, `${settings.url}/admin?tab=monitors`);
    const row = page.locator("tr", { hasText: rule.name });
    await row.getByText("firing").waitFor({ timeout: 60_000 });
    await row.getByRole("link", { name: `History of ${rule.name}` }).click();
    await page.waitForURL(/tab=alerts/);
    await page.locator(".admin tbody tr", { hasText: rule.name }).first().waitFor();
    deepStrictEqual(await axe(page), []);
    await page.goto(settings.url);
    await page.getByText(rule.name).first().waitFor();
    quiet(page);
    await page.close();
  } finally {
    await fetch(`${settings.url}/api/v1/admin/monitors/${rule.name}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${settings.token}` },
    });
  }
}

async function signedOut(context) {
  const name = `other ${Date.now()}`;
  const { secret } = await rest("/admin/tokens", { name, role: "viewer" });
  const other = await context.browser().newContext();
  const headers = { origin: settings.url };
  strictEqual(
    (await other.request.post(`${settings.url}/login`, { data: { token: secret }, headers })).status(),
    204,
  );
  const page = await open(context, `${settings.url}/admin?tab=sessions`);
  await page.getByRole("button", { name: `Sign out ${name}`, exact: true }).click();
  await page.keyboard.press("Enter");
  await page.locator(".admin tbody tr", { hasText: name }).waitFor({ state: "detached" });
  strictEqual((await other.request.get(`${settings.url}/api/v1/me`)).status(), 401);
  await other.close();
  quiet(page);
  await page.close();
}

async function held(context) {
  await rest("/tokens", { model: settings.model, text: "a" });
  const page = await open(context, `${settings.url}/admin?tab=memory`);
  await page.waitForSelector(".admin table");
  const { models } = await rest("/admin/memory");
  ok(models.some(({ model }) => model === settings.model));
  for (const { model } of models) await page.locator(".admin tbody tr", { hasText: model }).first().waitFor();
  quiet(page);
  await page.close();
}

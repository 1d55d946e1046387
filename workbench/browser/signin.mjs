// Signing in and out: by the link, which works once, and by a token, until that expires or is revoked under the page.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { axe, check, open, rest, settings } from "./driver.mjs";

const DEEP = `/results?${new URLSearchParams({ text: "logit_lens", pins: "layer:1,neuron:2", model: settings.model })}`;
const WRONG = "This token opens nothing here: it is wrong, expired or revoked.";
const ENDED = "You were signed out";

/** A browser of somebody else, who is not signed in. */
async function stranger(context, work, { theme = "light", width = 1440 } = {}) {
  const own = await context
    .browser()
    .newContext({ viewport: { width, height: 900 }, colorScheme: theme, reducedMotion: "reduce" });
  try {
    await work(own);
  } finally {
    await own.close();
  }
}

async function token(role, more = {}) {
  const name = `${role} ${Date.now()}`;
  const { secret, token: made } = await rest("/admin/tokens", { name, role, ...more });
  return { name, secret, id: made.id };
}

/** Types a token and sends it by Enter. */
async function enter(page, secret) {
  await page.locator(".sign-in").getByLabel("Token").fill(secret);
  await page.keyboard.press("Enter");
}

/** Nothing went wrong but the refusals that were asked for. */
function onlyRefused(page) {
  deepStrictEqual(
    page.troubles.filter((text) => !/401|403/.test(text)),
    [],
  );
}

async function byLink(context) {
  await check(
    "the link opened a session that scripts and other sites cannot use, and works once",
    async () => {
      const [cookie] = (await context.cookies()).filter(({ name }) => name.startsWith("neuronscope_session"));
      deepStrictEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
      const page = await open(context, settings.url);
      await page.getByRole("button", { name: "Sign out owner" }).waitFor();
      ok(!page.url().includes("code="));
      strictEqual(await page.evaluate(() => document.cookie), "");
      await page.close();
      await stranger(context, async (own) => {
        const late = await open(own, settings.login);
        await late.getByRole("heading", { name: "This link was used already" }).waitFor();
        strictEqual((await own.cookies()).length, 0);
        await late.getByRole("link", { name: "sign in with a token" }).click();
        await late.getByRole("heading", { name: "Sign in" }).waitFor();
        onlyRefused(late);
      });
    },
  );
}

async function byToken(context, theme) {
  await check(`${theme}: a token that is typed opens the very page that was asked for, as its holder`, () =>
    stranger(
      context,
      async (own) => {
        const viewer = await token("viewer");
        const page = await open(own, settings.url + DEEP);
        await page.getByRole("heading", { name: "Sign in" }).waitFor();
        strictEqual(await page.getByText(ENDED).count(), 0);
        deepStrictEqual(await axe(page), []);
        await enter(page, "nsk_wrong");
        strictEqual(await page.getByRole("alert").textContent(), WRONG);
        deepStrictEqual(await axe(page), []);
        await enter(page, viewer.secret);
        await page.waitForSelector(".results-list");
        strictEqual(page.url(), settings.url + DEEP);
        await page.getByRole("button", { name: `Sign out ${viewer.name}` }).waitFor();
        await page.goto(`${settings.url}/admin`);
        await page.getByText(`This page is for admins, and ${viewer.name} is a viewer.`).waitFor();
        await page.getByRole("button", { name: `Sign out ${viewer.name}` }).click();
        await page.getByRole("heading", { name: "Sign in" }).waitFor();
        onlyRefused(page);
      },
      { theme },
    ),
  );
}

async function refused(context) {
  await check("what a viewer may not ask is refused in the server's words", () =>
    stranger(context, async (own) => {
      const viewer = await token("viewer");
      const query = new URLSearchParams({
        model: settings.model,
        prompt: "The king",
        analysis: "logit_lens",
      });
      const page = await open(own, `${settings.url}/lab?${query}`);
      await enter(page, viewer.secret);
      const sentence = page.getByText(
        `${viewer.name} is a viewer whose key reaches read, export; this needs run`,
      );
      await sentence.first().waitFor();
      onlyRefused(page);
    }),
  );
}

async function revoked(context) {
  await check("a token that is revoked under an open page ends its session at the next step", () =>
    stranger(context, async (own) => {
      const analyst = await token("analyst");
      const page = await open(own, settings.url + DEEP);
      await enter(page, analyst.secret);
      await page.waitForSelector(".results-list");
      const admin = await open(context, `${settings.url}/admin`);
      await admin.getByRole("button", { name: `Revoke ${analyst.name}`, exact: true }).click();
      await admin.keyboard.press("Enter");
      await admin.locator("tr", { hasText: analyst.name }).getByText("revoked").waitFor();
      await admin.close();
      await page.reload();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await enter(page, analyst.secret);
      strictEqual(await page.getByRole("alert").textContent(), WRONG);
      onlyRefused(page);
    }),
  );
}

async function expired(context) {
  await check(
    "a token that expires under an open page says so there, and the page comes back as it was",
    () =>
      stranger(context, async (own) => {
        const brief = await token("viewer", { days: 15 / 86_400 });
        const page = await open(own, settings.url + DEEP);
        await enter(page, brief.secret);
        await page.waitForSelector(".results-list");
        const box = page.getByRole("textbox", { name: "Words in the title" });
        for (let turn = 0; turn < 80 && (await page.getByText(ENDED).count()) === 0; turn += 1) {
          await page.waitForTimeout(500);
          if ((await box.count()) > 0)
            await box.fill(turn % 2 === 0 ? "lens" : "logit_lens").catch(() => undefined);
        }
        await page.getByText(ENDED).waitFor();
        await enter(page, brief.secret);
        await page.getByText(WRONG).waitFor();
        await page.goto(settings.url + DEEP);
        await page.getByRole("heading", { name: "Sign in" }).waitFor();
        onlyRefused(page);
      }),
  );
  await check("a session that an admin closes ends its page at the next step, as it stands", () =>
    stranger(context, async (own) => {
      const analyst = await token("analyst");
      const page = await open(own, settings.url + DEEP);
      await enter(page, analyst.secret);
      await page.waitForSelector(".results-list");
      const sessions = await rest("/admin/sessions");
      const mine = sessions.find(({ name }) => name === analyst.name);
      await fetch(`${settings.url}/api/v1/admin/sessions/${mine.id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${settings.token}` },
      });
      await page.getByRole("textbox", { name: "Words in the title" }).fill("logit_len");
      await page.getByText(ENDED).waitFor();
      await page.goto(settings.url + DEEP);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await enter(page, analyst.secret);
      await page.waitForSelector(".results-list");
      onlyRefused(page);
    }),
  );
}

export async function signin(context) {
  await byLink(context);
  for (const theme of ["light", "dark"]) await byToken(context, theme);
  await refused(context);
  await revoked(context);
  await expired(context);
}

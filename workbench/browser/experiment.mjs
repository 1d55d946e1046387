// The dock: interventions are added, ordered, switched and saved, and a stack changes what the lab shows.
import { check, open, quiet, rest, settings } from "./driver.mjs";

const LENS = "/lab?model=builtin:scribe&prompt=When%20Mary%20and%20John%20went&dock=1";

export async function experiment(context) {
  await check(
    "an intervention of the dock changes the answer, stands in the address, and undo takes it back",
    async () => {
      const page = await open(context, `${settings.url}${LENS}`);
      const field = page.getByRole("textbox", { name: "Place and op of a new intervention" });
      await field.fill("resid_post.3 scale=0.5");
      await field.press("Enter");
      await page.waitForURL(/do=resid_post\.3/);
      await page.getByText("As Python and command line").click();
      await page.getByText("--do 'resid_post.3 scale=0.5'").waitFor();
      const under = {
        model: "builtin:scribe",
        prompt: "When Mary and John went",
        do: ["resid_post.3 scale=0.5"],
      };
      const answer = await rest("/analyses/logit_lens?wait=60", under);
      if (!answer.provenance.models.model.do.includes("resid_post.3 scale=0.5"))
        throw new Error("no do in provenance");
      await page.getByRole("button", { name: "Undo" }).click();
      await page.waitForURL((url) => !url.searchParams.has("do"));
      await quiet(page);
      await page.close();
    },
  );

  await check("interventions are ordered and switched off by keyboard alone", async () => {
    const page = await open(context, `${settings.url}${LENS}&do=z.2.1%20zero%3B%20mlp_act.3.7%20scale%3D0`);
    await page.getByRole("button", { name: "Move mlp_act.3.7 scale=0 up" }).press("Enter");
    await page.waitForURL(/do=mlp_act\.3\.7/);
    await page.getByRole("switch", { name: "Make the change z.2.1 zero" }).press("Space");
    await page.waitForURL(/off(\+|%20)z\.2\.1/);
    await quiet(page);
    await page.close();
  });
}

export const shots = [
  {
    name: "interventions",
    address: `${LENS}&do=resid_post.3%20scale%3D0.5%3B%20off%20z.2.1%20mean`,
    ready: ".changes",
  },
];

// Pictures of the page in its states, sizes and themes, to be looked at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, settings } from "./driver.mjs";

const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];

/** Writes SHOTS/STATE-WIDTHxHEIGHT-THEME.png for every state, size and theme. */
export async function shoot(context, { prompt, twin, answers }) {
  mkdirSync(settings.shots, { recursive: true });
  const asked = { model: settings.model, prompt, corrupt: twin };
  const states = {
    empty: { model: settings.model },
    "logit-lens": { ...asked, analysis: "logit_lens", cell: "depth:4,position:13" },
    attention: { ...asked, analysis: "attention_patterns", at: "layer:2,head:1" },
    patching: { ...asked, analysis: "activation_patching", args: JSON.stringify(answers) },
    neurons: { ...asked, analysis: "neuron_activations", at: "layer:3" },
  };
  for (const [name, state] of Object.entries(states))
    for (const theme of ["light", "dark"]) {
      const page = await open(context, `${settings.url}/lab?${new URLSearchParams({ ...state, theme })}`);
      await page.waitForSelector(".analysis-panel");
      if (state.prompt) await page.waitForSelector(".drawing canvas");
      await page.waitForFunction(() => document.querySelectorAll(".skeleton").length === 0);
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height });
        await page.waitForTimeout(200);
        await page.screenshot({
          path: join(settings.shots, `${name}-${width}x${height}-${theme}.png`),
        });
        const figure = page.locator(".drawing");
        if (width < 640 && (await figure.count()) > 0) {
          await figure.evaluate((drawing) => drawing.scrollIntoView({ block: "center" }));
          await page.screenshot({
            path: join(settings.shots, `${name}-figure-${width}x${height}-${theme}.png`),
          });
        }
      }
      if (name === "logit-lens") await card(page, theme);
      await page.close();
    }
}

async function card(page, theme) {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.click("text=Model card");
  await page.waitForSelector("[role=dialog] .facts");
  await page.screenshot({ path: join(settings.shots, `model-card-1440x900-${theme}.png`) });
}

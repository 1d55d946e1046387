// Pictures of every page in its states, sizes and themes, to be looked at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, settings } from "./driver.mjs";

const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];

/** Writes SHOTS/STATE-WIDTHxHEIGHT-THEME.png for every size and theme of a state. */
export async function shoot(context, { name, address, ready, act }) {
  mkdirSync(settings.shots, { recursive: true });
  const there = typeof address === "function" ? await address() : address;
  for (const theme of ["light", "dark"]) {
    const page = await open(context, `${settings.url}${withTheme(there, theme)}`);
    await page.waitForSelector(ready);
    await act?.(page);
    await page.waitForFunction(
      () => document.querySelectorAll(".skeleton, [data-phase=asking]").length === 0,
    );
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await laidOut(page);
      await page.screenshot({ path: join(settings.shots, `${name}-${width}x${height}-${theme}.png`) });
    }
    await page.close();
  }
}

const DRAWN =
  "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))";

/** Waits until the page has been drawn anew in its size. */
function laidOut(page) {
  return page.evaluate(DRAWN);
}

function withTheme(address, theme) {
  return `${address}${address.includes("?") ? "&" : "?"}theme=${theme}`;
}

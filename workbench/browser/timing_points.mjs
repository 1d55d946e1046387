// How long do the two canvases take? Mounts the page's own PointCanvas and HeatCanvas in headless Chromium
// and prints JSON: milliseconds from new data to drawn pixels, the median and the worst of some turns.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { chromium } from "playwright-core";
import { build } from "vite";

const BOX = { width: 1000, height: 640 };
const TURNS = 15;

async function bundle() {
  const { output } = await build({
    configFile: false,
    logLevel: "error",
    plugins: [react()],
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      minify: true,
      lib: {
        entry: fileURLToPath(new URL("timing_points.entry.tsx", import.meta.url)),
        formats: ["iife"],
        name: "timing",
      },
    },
  }).then((found) => (Array.isArray(found) ? found[0] : found));
  return output.find(({ type }) => type === "chunk").code;
}

function round(value) {
  return Number(value.toFixed(2));
}

const browser = await chromium.launch({
  executablePath: process.env.NEURONSCOPE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage({ viewport: { width: BOX.width, height: 900 } });
await page.setContent(`<div id="root" style="width:${BOX.width}px"></div>`);
await page.addScriptTag({ content: await bundle() });
const found = await page.evaluate(({ turns, tall }) => globalThis.timing.timings({ turns, tall }), {
  turns: TURNS,
  tall: BOX.height,
});
const report = Object.fromEntries(
  Object.entries(found).map(([name, times]) => {
    const sorted = times.toSorted((one, other) => one - other);
    return [
      name,
      {
        median_ms: round(sorted[Math.floor(sorted.length / 2)]),
        worst_ms: round(sorted.at(-1)),
        turns: sorted.length,
      },
    ];
  }),
);
console.log(JSON.stringify({ browser: `Chromium ${browser.version()}`, ...BOX, ...report }, null, 1));
await browser.close();

// Times the 3D view in headless Chromium and prints what it found as JSON. Needs no server:
//   node browser/timing_brain.mjs [pictures]
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript" };
export const SIZES = {
  gpt2_small: { n_layers: 12, n_neurons: 3072 },
  four_million: { n_layers: 48, n_neurons: 83_334 },
};

/** Builds the timing page into a folder of its own. */
export async function built() {
  const folder = mkdtempSync(join(tmpdir(), "brain-timing-"));
  await build({
    root: join(here, "brain_timing"),
    configFile: false,
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true, target: "es2022" },
  });
  return folder;
}

/** Serves a folder on loopback, so that modules load. */
export async function served(folder) {
  const server = createServer(async (request, response) => {
    const path = request.url === "/" ? "/index.html" : new URL(request.url, "http://here").pathname;
    const text = await readFile(join(folder, path)).catch(() => null);
    response.writeHead(text ? 200 : 404, { "content-type": TYPES[extname(path)] ?? "text/plain" });
    response.end(text ?? "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

export async function opened(url) {
  const executablePath = process.env.NEURONSCOPE_CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`There is no Chromium at ${executablePath}.`);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  page.setDefaultTimeout(120_000);
  await page.goto(url);
  await page.waitForFunction(() => "timing" in globalThis);
  return { browser, page, troubles };
}

const round = (value) => Number(value.toFixed(1));

function summary({ ms, points, plates }) {
  const sorted = ms.toSorted((one, other) => one - other);
  const [best, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]];
  return {
    neurons: points + plates,
    points,
    plates,
    ms_best: round(best),
    ms_median: round(median),
    frames_per_second: round(1000 / median),
    frames_per_second_best: round(1000 / best),
  };
}

/** All figures of the 3D view. */
export async function figures(pictures = 16) {
  const folder = await built();
  const { server, url } = await served(folder);
  const { browser, page, troubles } = await opened(url);
  const ask = (name, asked) =>
    page.evaluate(([called, given]) => globalThis.timing[called](given), [name, asked]);
  try {
    const found = {};
    for (const [name, size] of Object.entries(SIZES)) {
      const asked = { ...size, detail: "f16", pictures };
      found[name] = { ...summary(await ask("drawing", asked)), streaming: await ask("streaming", asked) };
      const { frames_per_second, sharpness } = found[name].streaming;
      found[name].streaming = { frames_per_second: Number(frames_per_second.toFixed(1)), sharpness };
      const picks = await ask("picking", { ...asked, pictures: 20 });
      found[name].picks_wrong = picks.wrong;
    }
    const full = await ask("ingesting", { ...SIZES.gpt2_small, detail: "f16", pictures: 30 });
    found.ingest = {
      tokens_per_second: Math.round(full.tokens_per_second),
      frames_per_second: Number(full.frames_per_second.toFixed(1)),
    };
    found.left_after_20_mounts = await ask("leaving", 20);
    const load = Number((loadavg()[0] ?? 0).toFixed(1));
    return { canvas: "1000x700", renderer: "software", load, ...found, troubles };
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await figures(Number(process.argv[2] ?? 16)), null, 2));

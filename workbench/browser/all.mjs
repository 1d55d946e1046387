// Drives every page of the workbench on a real server, as a reader would.
// LOGIN, URL and TOKEN come from `neuronscope open --ready-file`; PAGES names some of the pages, SHOTS a folder for pictures;
// --pictures takes these alone.
import { counts, check, launch, open, settings } from "./driver.mjs";
import * as driver from "./driver.mjs";
import * as admin from "./admin.mjs";
import * as atlas from "./atlas.mjs";
import * as atlas_sets from "./atlas_sets.mjs";
import * as brain from "./brain.mjs";
import * as circuits from "./circuits.mjs";
import * as compare from "./compare.mjs";
import * as compare_modes from "./compare_modes.mjs";
import * as errors from "./errors.mjs";
import * as experiment from "./experiment.mjs";
import * as home from "./home.mjs";
import * as lab from "./lab.mjs";
import * as linked from "./linked.mjs";
import * as links from "./links.mjs";
import * as panels from "./panels.mjs";
import * as recipes from "./recipes.mjs";
import * as results from "./results.mjs";
import * as signin from "./signin.mjs";
import * as story from "./story.mjs";
import * as stream from "./stream.mjs";
import * as unit from "./unit.mjs";
import { shoot } from "./shots.mjs";

const DRIVERS = {
  home,
  lab,
  stream,
  brain,
  experiment,
  atlas,
  atlas_sets,
  unit,
  circuits,
  errors,
  compare,
  compare_modes,
  results,
  recipes,
  admin,
  signin,
  linked,
  links,
  panels,
  story,
};
const wanted = process.env.PAGES ? process.env.PAGES.split(",") : Object.keys(DRIVERS);
const onlyPictures = process.argv.includes("--pictures");

const browser = await launch();
try {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
  });
  await (await open(context, settings.login)).close();
  for (const name of onlyPictures ? [] : wanted)
    await check(`${name}, to its end`, () => DRIVERS[name][name](context, driver));
  const states = wanted.flatMap((name) => DRIVERS[name].shots ?? []);
  for (const state of settings.shots ? states : [])
    await check(`picture of ${state.name}`, () => shoot(context, state));
} finally {
  await browser.close();
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);

// Writes src/api.gen.ts from the server's OpenAPI and src/words.gen.ts from the project's words and colours.
// With --check nothing is written: the exit status is 1 when a file on disk is not fresh.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { format } from "prettier";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const source = join(here, "../src");
const python =
  process.env.NEURONSCOPE_PYTHON ??
  [".venv/bin/python", ".venv/Scripts/python.exe"].map((path) => join(root, path)).find(existsSync) ??
  "python3";

const WORDS = `
import dataclasses, json
from neuronscope.results import KINDS, kinds
from neuronscope.views.theme import THEMES
from neuronscope.words import AXES
print(json.dumps({
    "axes": AXES,
    "kinds": KINDS,
    "layout": {"across": kinds._ACROSS, "down": kinds._DOWN, "lists": kinds._LISTS, "pairs": kinds._BY_PAIR},
    "themes": {name: dataclasses.asdict(theme) for name, theme in THEMES.items()},
}))
`;

function run(args) {
  return execFileSync(python, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
}

async function apiTypes() {
  const folder = mkdtempSync(join(tmpdir(), "openapi-"));
  const file = join(folder, "openapi.json");
  try {
    run(["-m", "neuronscope.doors.server.openapi", file]);
    const types = astToString(await openapiTS(new URL(`file://${file}`)));
    return `/** Written by \`npm run types\` from the server's OpenAPI; do not edit. */\n\n${types}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function constant(name, value) {
  return `export const ${name} = ${JSON.stringify(value, null, 2)} as const;`;
}

async function words() {
  const { axes, kinds, layout, themes } = JSON.parse(run(["-c", WORDS]));
  const text = [
    "/** Written by `npm run types` from the project's words, kinds and colours; do not edit. */",
    constant("AXES", axes),
    constant("KINDS", kinds),
    constant("LAYOUT", layout),
    constant("THEMES", themes),
  ].join("\n\n");
  return format(text, { parser: "typescript", printWidth: 110 });
}

const written = { "api.gen.ts": await apiTypes(), "words.gen.ts": await words() };
let stale = 0;
for (const [name, text] of Object.entries(written)) {
  const path = join(source, name);
  const fresh = existsSync(path) && readFileSync(path, "utf8") === text;
  if (process.argv.includes("--check")) {
    console.log(`${name} ${fresh ? "is fresh" : "is stale: run `npm run types`"}`);
    stale += fresh ? 0 : 1;
  } else if (!fresh) {
    writeFileSync(path, text);
    console.log(`wrote src/${name}`);
  }
}
process.exit(stale ? 1 : 0);

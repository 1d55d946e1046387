import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const python = [
  process.env.NEURONSCOPE_PYTHON,
  join(root, ".venv/bin/python"),
  join(root, ".venv/Scripts/python.exe"),
].find((path) => path !== undefined && existsSync(path));

it.skipIf(!python && !process.env.CI)(
  "types, words and colours are those that the server and the Python words give now",
  { timeout: 300_000 },
  () => {
    const told = spawnSync("node", ["tools/types.mjs", "--check"], {
      cwd: join(root, "workbench"),
      encoding: "utf8",
    });
    expect(told.stdout + told.stderr).toBe("api.gen.ts is fresh\nwords.gen.ts is fresh\n");
  },
);

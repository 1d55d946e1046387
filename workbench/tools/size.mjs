// Prints the gzip size of the JavaScript and CSS that the first page loads; fails above the limit.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 300;
const built = join(dirname(fileURLToPath(import.meta.url)), "../../src/neuronscope/workbench");
const page = readFileSync(join(built, "index.html"), "utf8");
const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
const sizes = files.map((file) => ({ file, kb: gzipSync(readFileSync(join(built, file))).length / 1024 }));
const script = sizes.filter(({ file }) => file.endsWith(".js")).reduce((sum, { kb }) => sum + kb, 0);

for (const { file, kb } of sizes) console.log(`${kb.toFixed(1).padStart(7)} KB gzip  ${file}`);
console.log(`${script.toFixed(1).padStart(7)} KB gzip  initial JavaScript (limit ${LIMIT_KB})`);
if (script === 0 || script > LIMIT_KB) {
  console.error(
    `Initial JavaScript must be above 0 and at most ${LIMIT_KB} KB gzip; split a page off or drop a dependency.`,
  );
  process.exit(1);
}

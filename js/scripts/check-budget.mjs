// Fails the build when what index.html loads at once (scripts, their preloads, styles) outgrows its budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 150 * 1024;
const folder = new URL("../../mlflow_sentinel_plugin/ui/", import.meta.url);
const page = readFileSync(new URL("index.html", folder), "utf8");
const files = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
if (files.length === 0) throw new Error("index.html names no asset; the budget cannot be checked");

const sizes = files.map((file) => gzipSync(readFileSync(new URL(file, folder))).length);
const total = sizes.reduce((sum, size) => sum + size, 0);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
for (const [i, file] of files.entries()) console.log(`  ${file}  ${kilobytes(sizes[i])} gzip`);
console.log(`first load: ${kilobytes(total)} of ${kilobytes(LIMIT)} gzip`);
if (total > LIMIT) {
  console.error("The first load is over its budget: load what is not needed at once with React.lazy.");
  process.exit(1);
}

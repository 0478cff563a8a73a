// Empties the built dashboard's folder, which is also a Python package: __init__.py stays.
import { readdirSync, rmSync } from "node:fs";

const folder = new URL("../../mlflow_sentinel_plugin/ui/", import.meta.url);
for (const name of readdirSync(folder)) {
  if (name !== "__init__.py") rmSync(new URL(name, folder), { recursive: true });
}

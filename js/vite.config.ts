import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.SENTINEL_SERVER ?? "http://127.0.0.1:5000";

export default defineConfig({
  // Relative, because nobody knows at build time under which prefix a server or proxy puts the page.
  base: "./",
  plugins: [react()],
  resolve: { alias: { "@": here("src") } },
  build: {
    outDir: here("../mlflow_sentinel_plugin/ui"),
    // The folder is a Python package: scripts/clean-ui.mjs empties it and keeps __init__.py.
    emptyOutDir: false,
    // A strict content security policy allows no data: URLs.
    assetsInlineLimit: 0,
    // These know light-dark(); older ones would need every colour twice.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  server: { host: "127.0.0.1", proxy: { "/api": server, "/ws": { target: server, ws: true } } },
  test: {
    environment: "jsdom",
    setupFiles: here("src/testing/setup.ts"),
    restoreMocks: true,
    testTimeout: 20_000,
  },
});

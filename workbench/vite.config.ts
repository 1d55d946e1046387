import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.NEURONSCOPE_URL ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    outDir: "../src/neuronscope/workbench",
    emptyOutDir: true,
    assetsDir: "assets",
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": server, "/login": server } },
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    css: false,
    testTimeout: 30_000,
  },
});

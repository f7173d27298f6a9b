import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { CompileOptions } from "svelte/compiler";
import { defineConfig } from "vitest/config";
import { texts } from "./texts.ts";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the window may do, in the mock build too, so that the tests run under the same rules. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'";

const BASE = /node_modules\/(svelte|@tauri-apps)\/|ui\/src\/(backend|i18n\/(?!texts)|parts\/(?!Plot)|shell|state)/;

/** What tells the styles of a component from others': it stands at every element and in every rule of it, two thousand times. */
const short: CompileOptions["cssHash"] = ({ hash, css, filename }) => `_${hash(filename ?? css).slice(0, 5)}`;

interface Modules {
  getModuleInfo(id: string): { isEntry: boolean; importers: string[] } | null;
}

/** Whether the module `id` is among those that the first page is made of. */
function isFirst(id: string, modules: Modules, asked = new Set<string>()): boolean {
  if (asked.has(id)) return false;
  asked.add(id);
  const info = modules.getModuleInfo(id);
  return info !== null && (info.isEntry || info.importers.some((importer) => isFirst(importer, modules, asked)));
}

export default defineConfig(({ command, mode }) => ({
  base: "./",
  plugins: [svelte(command === "build" ? { compilerOptions: { cssHash: short } } : {}), texts()],
  resolve: {
    // The only place where a backend is chosen: the one that is not chosen is not in the build.
    alias: { "#backend": file(mode === "mock" || mode === "test" ? "src/backend/mock.ts" : "src/backend/tauri.ts") },
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What several pages have in common is one file and not thirty, or two: what the first of them does not need comes behind it,
        // and the chart with the first page that draws one.
        codeSplitting: {
          groups: [
            {
              name: (id, modules) => (isFirst(id, modules) ? "base" : "more"),
              debugName: "shared",
              test: BASE,
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
  server: { port: 5199, strictPort: true, host: "127.0.0.1" },
  preview: { host: "127.0.0.1", headers: { "Content-Security-Policy": POLICY } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["tests/unit/**/*.test.ts"],
          environment: "node",
          setupFiles: "tests/unit/speak.ts",
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          environment: "node",
          globalSetup: "tests/e2e/setup.ts",
          // Each worker has a browser of its own, which works beside the tests: more of them would only keep each other waiting.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
}));

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the mock build is. */
    base: string;
    /** Where the browsers are, one for each worker: a clipboard, and what has the focus, is one file's at a time. */
    browsers: readonly string[];
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url));

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** What all files share is there before the first and until the last is over: the mock build on a port, and the browsers. */
export default async function setup(project: TestProject) {
  const executablePath = BROWSERS.find((path) => existsSync(path));
  if (!executablePath)
    throw new Error(`these tests want a browser: apt install chromium (looked for ${BROWSERS.join(", ")})`);
  const server = await preview({
    root,
    configFile: `${root}vite.config.ts`,
    mode: "mock",
    logLevel: "warn",
    build: { outDir: "dist-mock" },
    preview: { port: 0, host: "127.0.0.1", strictPort: false },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the preview has no port");
  const browsers = await Promise.all(
    Array.from({ length: Number(project.config.maxWorkers ?? 1) }, () =>
      chromium.launchServer({ executablePath, args: ["--no-sandbox"] }),
    ),
  );
  project.provide("base", `http://127.0.0.1:${address.port}/`);
  project.provide(
    "browsers",
    browsers.map((browser) => browser.wsEndpoint()),
  );
  return async () => {
    await Promise.all(browsers.map((browser) => browser.close()));
    await server.close();
  };
}

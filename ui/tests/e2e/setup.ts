import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { browser, served } from "../served.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the mock build is. */
    base: string;
    /** Where the browsers are, one for each worker: a clipboard, and what has the focus, is one file's at a time. */
    browsers: readonly string[];
  }
}

/** What all files share is there before the first and until the last is over: the mock build on a port, and the browsers. */
export default async function setup(project: TestProject) {
  const start = browser();
  const window = await served();
  const browsers = await Promise.all(
    Array.from({ length: Number(project.config.maxWorkers ?? 1) }, () => chromium.launchServer(start)),
  );
  project.provide("base", window.base);
  project.provide(
    "browsers",
    browsers.map((browser) => browser.wsEndpoint()),
  );
  return async () => {
    await Promise.all(browsers.map((browser) => browser.close()));
    await window.close();
  };
}

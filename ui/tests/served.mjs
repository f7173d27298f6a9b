import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { preview } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The first has no more than pages need, and takes two thirds of the time for them. */
const BROWSERS = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** How the browser is started that looks at the window. */
export function browser() {
  const executablePath = BROWSERS.find((path) => existsSync(path));
  if (!executablePath)
    throw new Error(`no browser: apt install chromium-headless-shell (looked for ${BROWSERS.join(", ")})`);
  return { executablePath, args: ["--no-sandbox"] };
}

/** Serves the mock build, under the policy of the real window, on a port of its own. */
export async function served() {
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
  return { base: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { preview, type PreviewServer } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The mock build in a browser, on a port of its own. */
export class Stage {
  private constructor(
    private readonly server: PreviewServer,
    private readonly browser: Browser,
    private readonly base: string,
  ) {}

  static async build(): Promise<Stage> {
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
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    return new Stage(server, browser, `http://127.0.0.1:${address.port}/`);
  }

  /** A page of the window, at `address` like `?still#/settings`. What goes wrong in it is told by [`faults`]. */
  async open(address = "", options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 1100, height: 720 },
      locale: "en-GB",
      ...options,
    });
    const page = await context.newPage();
    const found: string[] = [];
    faulty.set(page, found);
    page.on("pageerror", (error) => found.push(String(error)));
    page.on("console", (message) => message.type() === "error" && found.push(message.text()));
    await page.goto(this.base + address);
    await page.locator("main").waitFor();
    return page;
  }

  async strike() {
    await this.browser.close();
    await this.server.close();
  }
}

const faulty = new WeakMap<Page, string[]>();

/** Errors of scripts and breaches of the content security policy. */
export const faults = (page: Page): string[] => faulty.get(page) ?? [];

import { text } from "node:stream/consumers";
import { type Browser, type BrowserContextOptions, chromium, type Download, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";

/**
 * A stage for the tests of a file, built before the first and struck after the last. After each test the pages that it opened are
 * closed, and nothing has gone wrong in them.
 */
export function staged(): Staged {
  let stage: Stage | undefined;
  beforeAll(async () => {
    stage = await Stage.build();
  });
  afterEach(async () => expect(await stage?.clear()).toEqual([]));
  afterAll(() => stage?.strike());
  const built = () => {
    if (!stage) throw new Error("pages are opened in tests");
    return stage;
  };
  return {
    open: (...given) => built().open(...given),
    look: (...given) => built().look(...given),
    blank: (...given) => built().blank(...given),
  };
}

/** What the tests of a file see of their stage. */
export type Staged = Pick<Stage, "open" | "look" | "blank">;

/** The mock build in a browser. */
class Stage {
  private opened: Page[] = [];
  private looked: Page | undefined;

  private constructor(private readonly browser: Browser) {}

  static async build(): Promise<Stage> {
    const endpoint = inject("browsers")[Number(process.env.VITEST_POOL_ID) - 1];
    if (!endpoint) throw new Error("each worker has a browser");
    return new Stage(await chromium.connect(endpoint));
  }

  /** A page of the window, at `address` like `?still#/settings`. */
  async open(address = "", options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.blank({ viewport: { width: 1100, height: 720 }, locale: "en-GB", ...options });
    return this.go(page, address);
  }

  /**
   * A page of the window that is only looked at, without motion: the same one for all tests of a file, which begins anew at each address. A
   * page of its own costs three times as much.
   */
  async look(address: string): Promise<Page> {
    this.looked ??= await this.blank({ locale: "en-GB", reducedMotion: "reduce" });
    this.opened = this.opened.filter((page) => page !== this.looked);
    // Where only what is behind the # is another, nothing would begin anew.
    await this.looked.goto("about:blank");
    return this.go(this.looked, address);
  }

  private async go(page: Page, address: string): Promise<Page> {
    await page.goto(inject("base") + address);
    await page.locator("main").waitFor();
    return page;
  }

  /** A page with nothing in it. */
  async blank(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    this.opened.push(page);
    const found: string[] = [];
    faulty.set(page, found);
    page.on("pageerror", (error) => found.push(String(error)));
    page.on("console", (message) => message.type() === "error" && found.push(message.text()));
    return page;
  }

  /** Closes the pages that were opened; what has gone wrong in them. */
  async clear(): Promise<string[]> {
    const pages = this.opened.splice(0);
    for (const page of pages) await page.context().close();
    const seen = this.looked ? [...pages, this.looked] : pages;
    return seen.flatMap((page) => faults(page).splice(0));
  }

  strike(): Promise<void> {
    return this.browser.close();
  }
}

const faulty = new WeakMap<Page, string[]>();

/** Errors of scripts and breaches of the content security policy. */
const faults = (page: Page): string[] => faulty.get(page) ?? [];

/** The text of a file that the browser was given to save. */
export const saved = async (file: Download): Promise<string> => text(await file.createReadStream());

/** Lets so many seconds pass in the made-up world, until the window shows what they brought. */
export const pass = (page: Page, seconds: number): Promise<void> =>
  page.evaluate((seconds) => {
    const { mock } = globalThis as unknown as { mock: { pass(seconds: number): Promise<void> } };
    return mock.pass(seconds);
  }, seconds);

/**
 * The names in the rows of the list that are drawn one frame after each of these: a text is typed into the search, a column is sorted by, the
 * list is scrolled so far.
 */
export async function seenAfter({ type, sort = [], scroll }: { type: string[]; sort?: string[]; scroll: number[] }) {
  const input = document.querySelector<HTMLInputElement>("#search")!;
  const box = document.querySelector(".rows")!;
  const acts: [string, () => void][] = [
    ...type.map((text): [string, () => void] => [
      text,
      () => {
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      },
    ]),
    ...sort.map((title): [string, () => void] => [
      title,
      () => document.querySelector<HTMLElement>(`[title="${title}"]`)!.click(),
    ]),
    ...scroll.map((top): [string, () => void] => [`${top}`, () => (box.scrollTop = top)]),
  ];
  const seen: { act: string; names: string[] }[] = [];
  for (const [act, does] of acts) {
    does();
    await new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done)));
    const names = [...box.querySelectorAll("[role=row][id]")].map(
      (row) => row.querySelector("a, .name")?.textContent?.trim() ?? "",
    );
    seen.push({ act, names });
  }
  return seen;
}

/** What is wider than the window. To be run in the page, as what follows. */
export function wide(): string[] {
  const { scrollWidth, clientWidth } = document.querySelector("main")!;
  return scrollWidth > clientWidth ? [`the page is ${scrollWidth} px wide in ${clientWidth}`] : [];
}

/** What is to be read or pressed and cannot: what is too small, or cut off or covered even when it is scrolled to. */
export function clipped(): string[] {
  const found: string[] = [];
  const called = (element: Element) =>
    `<${element.tagName.toLowerCase()} ${element.getAttribute("class") ?? ""}> ${element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 30)}`;
  const all = document.querySelectorAll<HTMLElement>(
    "a, button, input, select, textarea, summary, h1, h2, [role=columnheader]",
  );
  for (const element of all) {
    // What sticks is always in view, the later upon the earlier.
    if (!element.isConnected || !element.checkVisibility() || getComputedStyle(element).position === "sticky") continue;
    element.scrollIntoView({ block: "center", inline: "center" });
    const [box] = element.getClientRects();
    // What is only for the ear is of one pixel.
    if (!box || box.width <= 1 || box.height <= 1) continue;
    const pressed = element.matches("button, select, textarea, summary, input:not([type=checkbox], [type=radio])");
    if (pressed && (box.height < 24 || box.width < 22)) {
      found.push(`${called(element)} is ${box.width} by ${box.height} px`);
    }
    const middle = (box.left + box.right) / 2;
    for (const y of [box.top + 2, box.bottom - 2]) {
      const hit = document.elementFromPoint(middle, y);
      if (!hit || !(element.contains(hit) || hit.contains(element) || hit.closest("label")?.contains(element)))
        found.push(`${called(element)} is cut off, or covered by ${hit ? called(hit) : "the edge of the window"}`);
    }
  }
  return [...new Set(found)];
}

/** What takes the place of a property of its form by its id or its name. */
export function clobbered(): string[] {
  const form = document.createElement("form");
  const names = [...document.querySelectorAll("form :is(input, select, textarea, button)")].flatMap((element) => [
    element.id,
    element.getAttribute("name") ?? "",
  ]);
  return names.filter((name) => name in form).map((name) => `form.${name} is taken by an input`);
}

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { clipped, staged, wide } from "./stage";

const stage = staged();

const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const DARK = "rgb(17, 20, 24)";
const LIGHT = "rgb(244, 245, 247)";

test("the theme is the system's until one is chosen, which then outlives the window", async () => {
  const page = await stage.open("?still#/settings", { colorScheme: "light" });
  await expect.poll(() => ground(page)).toBe(LIGHT);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => ground(page)).toBe(DARK);
  await page.getByLabel("Theme").selectOption("light");
  await expect.poll(() => ground(page)).toBe(LIGHT);
  await page.getByLabel("Theme").selectOption("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(() => ground(page)).toBe(DARK);
  // Before any module runs, and so before the first paint.
  await page.addInitScript(() =>
    document.addEventListener("readystatechange", () => {
      if (document.readyState === "interactive")
        sessionStorage.setItem("first", document.documentElement.dataset.theme ?? "");
    }),
  );
  await page.reload();
  expect(await page.getByLabel("Theme").inputValue()).toBe("dark");
  expect(await page.evaluate(() => sessionStorage.getItem("first"))).toBe("dark");
  await page.getByLabel("Theme").selectOption("system");
  await expect.poll(() => ground(page)).toBe(LIGHT);
});

test("a chart is drawn anew in the theme that was chosen", async () => {
  const page = await stage.open("?still#/monitor/portfolio", { colorScheme: "light" });
  const canvas = page.locator(".chart canvas");
  await canvas.waitFor();
  const drawn = () => canvas.evaluate((it: HTMLCanvasElement) => it.toDataURL());
  const light = await drawn();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("theme dark");
  await page.keyboard.press("Enter");
  await expect.poll(drawn).not.toBe(light);
  await expect.poll(() => ground(page)).toBe(DARK);
});

test("a compact window shows more monitors, and everything in it can still be read and pressed", async () => {
  const page = await stage.open("?still&monitors=300#/", { reducedMotion: "reduce" });
  const height = () =>
    page
      .getByRole("row")
      .nth(3)
      .evaluate((it) => it.parentElement!.getBoundingClientRect().height);
  await page.getByRole("row").nth(3).waitFor();
  const before = await height();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("compact");
  await page.keyboard.press("Enter");
  await expect.poll(height).toBeLessThan(before);
  const found: string[] = [];
  for (const address of ["#/", "#/settings", "#/programs", "#/new/monitor"]) {
    await page.evaluate((address) => (location.hash = address), address);
    await page.locator("main h1").first().waitFor();
    found.push(...(await page.evaluate(wide)), ...(await page.evaluate(clipped)));
  }
  expect(found).toEqual([]);
});

test("there is one note at a time, the newest, and it stays while it is pointed at or has the focus", async () => {
  const page = await stage.open("?still#/monitor/router");
  await page.clock.install();
  const note = page.locator(".note");
  await page.getByRole("button", { name: "Check now" }).click();
  await note.getByText("Checking router").waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("check now portf");
  await page.keyboard.press("Enter");
  await note.getByText("Checking portfolio").waitFor();
  expect(await note.count()).toBe(1);
  await note.hover();
  await page.clock.runFor(20_000);
  expect(await note.count()).toBe(1);
  await note.getByRole("button", { name: "Close" }).focus();
  await page.mouse.move(10, 10);
  await page.clock.runFor(20_000);
  expect(await note.count()).toBe(1);
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.clock.runFor(7_000);
  expect(await note.count()).toBe(0);
});

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { seenAfter, staged } from "./stage";

const stage = staged();
let page: Page;

const rows = () => page.locator("[role=row][id]");
const focused = () => page.evaluate(() => document.activeElement?.id);

test("keys search, move, open and come back", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  await page.keyboard.press("/");
  await expect.poll(focused).toBe("search");
  await page.keyboard.type("example");
  await page.keyboard.press("Enter");
  await expect.poll(focused).toBe("monitors");
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("k");
  const name = await page.locator("[role=row][aria-selected=true] a").textContent();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: name ?? "" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/$/);
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.waitForURL(/#\/incidents$/);
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Show shortcuts").waitFor();
});

test("marks and columns narrow and order the rows", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  await page.getByRole("button", { name: "money" }).click();
  expect(await rows().count()).toBe(2);
  await page.getByRole("button", { name: /^down/ }).click();
  expect(await rows().locator("a").allTextContents()).toEqual(["shop"]);
  await page.getByRole("button", { name: "money" }).click();
  await page.getByRole("button", { name: /^down/ }).click();
  await page.getByRole("button", { name: "Monitor", exact: true }).click();
  expect(await rows().first().locator("a").textContent()).toBe("database");
  await page.getByRole("searchbox").fill("no such thing");
  await page.getByText("No monitor matches").waitFor();
});

test("where there is little room the titles of the columns are there, sort, and the health of a row is said", async () => {
  page = await stage.open("?still", { viewport: { width: 550, height: 500 } });
  await rows().first().waitFor();
  const name = page.getByRole("columnheader", { name: "Monitor" });
  expect(await name.isVisible()).toBe(true);
  await name.getByRole("button").click();
  expect(await name.getAttribute("aria-sort")).toBe("ascending");
  expect(await rows().first().locator("a").textContent()).toBe("database");
  await page.getByRole("columnheader", { name: "Health" }).getByRole("button").click();
  expect(await rows().first().locator("a").textContent()).toBe("shop");
  await page.getByRole("row", { name: /^down shop/ }).waitFor();
  await page.getByRole("button", { name: "Snooze alerts" }).click();
  await page.getByRole("menuitem", { name: "1 hour" }).click();
  await page.getByRole("button", { name: "Alerts snoozed" }).waitFor();
});

test("ten thousand monitors are filtered and scrolled with the next frame, and only those in view are drawn", async () => {
  page = await stage.open("?monitors=10000&still");
  await rows().first().waitFor();
  const filtered = await page.evaluate(seenAfter, { type: ["http", "http 0", "http 099"], scroll: [] });
  for (const { act, names } of filtered) {
    expect(names.length, act).toBeGreaterThan(5);
    expect(names.length, act).toBeLessThan(60);
    expect(names.filter((name) => !act.split(" ").every((word) => name.includes(word)))).toEqual([]);
  }
  const scrolled = await page.evaluate(seenAfter, { type: [""], scroll: [4_000, 200_000, 400_000, 0] });
  expect(new Set(scrolled.slice(1).map(({ names }) => names[0])).size).toBe(4);
  for (const { act, names } of scrolled) expect(names.length, act).toBeLessThan(60);
});

test("what happens meanwhile takes nobody's focus, place or words away", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  const all = (health: "up" | "down") =>
    page.evaluate((health) => {
      const standing = health === "up" ? "well" : "down";
      const { mock } = globalThis as unknown as {
        mock: { tell(event: unknown): void; shown(): Promise<void>; monitors: Map<string, object> };
      };
      for (const monitor of mock.monitors.values())
        mock.tell({ event: "monitor", of: { ...monitor, health, standing } });
      return mock.shown();
    }, health);
  await page.getByRole("searchbox").fill("a");
  await page.keyboard.press("Enter");
  await page.keyboard.press("j");
  const selected = () => page.locator("[role=row][aria-selected=true] a").textContent();
  const name = await selected();
  await all("down");
  await page.getByText("13 monitors are down").waitFor();
  expect([await focused(), await selected()]).toEqual(["monitors", name]);
  await page.getByRole("searchbox").focus();
  await all("up");
  await page.getByText("Everything is OK").waitFor();
  expect([await focused(), await page.getByRole("searchbox").inputValue()]).toEqual(["search", "a"]);
  await page.evaluate(() => (location.hash = "#/edit/monitor/shop"));
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("shop two");
  await all("down");
  expect(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue()).toBe("shop two");
});

test("who comes back to the overview finds it as it was left, on the row that led away", async () => {
  page = await stage.open("?monitors=10000&still");
  await rows().first().waitFor();
  await page.getByRole("searchbox").fill("http");
  await page.getByRole("button", { name: "Monitor", exact: true }).click();
  const box = page.locator(".rows");
  await box.evaluate((box) => (box.scrollTop = 50_000));
  await page.getByRole("link", { name: "http 06529" }).click();
  await page.getByRole("heading", { level: 1, name: "http 06529" }).waitFor();
  const back = page.getByRole("main").getByRole("link", { name: "Overview" });
  for (const leave of [() => page.goBack(), () => page.keyboard.press("Escape"), () => back.click()]) {
    await leave();
    await rows().first().waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("http");
    expect(await box.evaluate((box) => box.scrollTop)).toBe(50_000);
    expect(await page.locator("[role=row][aria-selected=true] a").textContent()).toBe("http 06529");
    expect(await focused()).toBe("monitors");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "http 06529" }).waitFor();
  }
  await back.click();
  await page.getByRole("button", { name: "Show all" }).click();
  expect(await page.getByRole("searchbox").inputValue()).toBe("");
});

test("what comes from outside is text, whatever it looks like", async () => {
  page = await stage.open("?still");
  await page.evaluate(() => {
    const { mock } = globalThis as unknown as { mock: { tell(event: unknown): void; monitors: Map<string, object> } };
    const html = "<img src=x onerror=alert(1)>";
    mock.tell({ event: "monitor", of: { ...mock.monitors.get("router"), name: html, target: html } });
  });
  await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
  expect(await page.locator("main img").count()).toBe(0);
});

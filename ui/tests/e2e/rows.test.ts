import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { staged } from "./stage";

const stage = staged();
let page: Page;

const row = (name: string) => page.locator("[role=row][id]", { has: page.getByRole("link", { name, exact: true }) });
const items = () => page.getByRole("menuitem").allTextContents();

test("a row has a menu, by the pointer and by the keyboard, of what can be done about its monitor", async () => {
  page = await stage.open("?still#/", { permissions: ["clipboard-read", "clipboard-write"] });
  await row("shop").click({ button: "right" });
  await page.getByRole("menu", { name: "More actions: shop" }).waitFor();
  expect((await items()).map((text) => text.trim())).toEqual([
    "Check now",
    "Acknowledge",
    "Snooze for 1 hour",
    "Pause",
    "Maintenance for 1 hour",
    "Open the page",
    "Copy target",
    "Copy as TOML",
    "Copy as curl",
    "Edit",
    "Duplicate",
    "Remove",
  ]);
  expect(await axe(page)).toEqual([]);
  await page.getByRole("menuitem", { name: "Copy target" }).click();
  await page.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("https://shop.example/cart");

  // The grid has the focus again, on the row whose menu it was.
  expect(await page.locator("[role=row][aria-selected=true] a").textContent()).toBe("shop");
  await page.keyboard.press("j");
  const next = await page.locator("[role=row][aria-selected=true] a").textContent();
  await page.locator("#monitors").dispatchEvent("contextmenu");
  await page.getByRole("menu", { name: `More actions: ${next}` }).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  await page.getByRole("menuitem").first().waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("monitors");
});

test("from its row a monitor is paused and resumed, and removed once that is confirmed", async () => {
  // All rows are in view: a menu is closed when what it belongs to is scrolled away.
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await row("portfolio").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Pause" }).click();
  await row("portfolio").getByText("paused", { exact: true }).waitFor();
  await row("portfolio").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Resume" }).click();
  await page.getByText("portfolio is being checked again").waitFor();
  // It stands elsewhere then.
  await row("portfolio").getByText("up", { exact: true }).waitFor();
  await row("portfolio").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Remove" }).click();
  const question = page.getByRole("dialog", { name: "Remove “portfolio”?" });
  await question.getByRole("button", { name: "Cancel" }).click();
  expect(await row("portfolio").count()).toBe(1);
  await row("portfolio").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await question.getByRole("button", { name: "Remove" }).click();
  await row("portfolio").waitFor({ state: "detached" });
});

test("whoever may only steer is not offered to edit", async () => {
  // The row is scrolled to, which does not close its menu.
  page = await stage.open("?still&may=steer#/", { viewport: { width: 1100, height: 500 } });
  await row("router").click({ button: "right" });
  await page.getByRole("menu", { name: "More actions: router" }).waitFor();
  expect((await items()).map((text) => text.trim())).toEqual([
    "Check now",
    "Snooze for 1 hour",
    "Pause",
    "Copy target",
  ]);
  await page.keyboard.press("Escape");
});

test("a program is stopped and started in the list, whichever is shown beside it", async () => {
  page = await stage.open("?still#/programs");
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  await button("Stop: web").click();
  await button("Start: web").click();
  await button("Restart: web").waitFor();
  await page.getByText("web was started").waitFor();
});

test("a monitor is duplicated with all that is said of it, under a free name", async () => {
  page = await stage.open("?still#/");
  await row("shop").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  await page.getByRole("heading", { level: 1, name: "New monitor" }).waitFor();
  expect(await page.locator("#f-name").inputValue()).toBe("shop 2");
  expect(await page.locator("#f-http").inputValue()).toBe("https://shop.example/cart");
  await page.locator("#f-http").fill("https://shop.example/checkout");
  expect(await page.locator("#f-name").inputValue()).toBe("shop 2");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "shop 2", exact: true }).waitFor();
  const monitors = await page.evaluate(async () => {
    const { mock } = globalThis as unknown as { mock: { tables(): { monitor: Record<string, unknown>[] } } };
    return mock.tables().monitor;
  });
  const one = (name: string) => monitors.find((table) => table.name === name)!;
  expect(one("shop 2")).toEqual({ ...one("shop"), name: "shop 2", http: "https://shop.example/checkout" });
});

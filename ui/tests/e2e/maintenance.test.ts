import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();
let page: Page;

type Window = Record<string, unknown>;

/** The maintenance windows of a monitor of the file. */
const windows = (name: string) =>
  page.evaluate((name) => {
    const { mock } = globalThis as unknown as { mock: { tables(): { monitor: Record<string, unknown>[] } } };
    return mock.tables().monitor.find((table) => table["name"] === name)?.["maintenance"] as
      Window | Window[] | undefined;
  }, name);

const lasts = (window: Window) => (Date.parse(String(window["to"])) - Date.parse(String(window["from"]))) / 60_000;

test("maintenance begins on the page of a monitor and is ended before its time", async () => {
  page = await stage.open("?still#/monitor/portfolio");
  await page.getByRole("button", { name: "Maintenance now" }).click();
  await page.getByRole("menuitem", { name: "For 30 minutes" }).click();
  await page.getByText(/^portfolio: in maintenance until/).waitFor();
  expect(lasts((await windows("portfolio")) as Window)).toBe(30);
  await page.getByRole("button", { name: /^End maintenance \(until/ }).press("Enter");
  await page.getByText("portfolio: maintenance has ended").waitFor();
  expect(await windows("portfolio")).toBeUndefined();
  await page.getByRole("button", { name: "Maintenance now" }).waitFor();
});

const row = (name: string) => page.locator("[role=row][id]", { has: page.getByRole("link", { name, exact: true }) });
const item = (name: string | RegExp) => page.getByRole("menuitem", { name });

test("maintenance is begun and ended at the row of a monitor", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await row("portfolio").click({ button: "right" });
  await item("Maintenance for 1 hour").click();
  await page.getByText(/^portfolio: in maintenance until/).waitFor();
  // Of another it is not said.
  await row("shop").click({ button: "right" });
  await item("Maintenance for 1 hour").waitFor();
  await page.keyboard.press("Escape");
  await row("portfolio").click({ button: "right" });
  await item(/^End maintenance \(until/).click();
  await page.getByText("portfolio: maintenance has ended").waitFor();
  expect(await windows("portfolio")).toBeUndefined();
});

test("maintenance of several is begun and ended in one edit, which can be undone", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  for (const name of ["shop", "portfolio", "this machine"]) await row(name).locator(".box").click();
  const button = page.getByRole("button", { name: "Maintenance", exact: true });
  await button.click();
  expect(await item("End maintenance").count()).toBe(0);
  await item("For 4 hours").click();
  await page.getByText(/^3 monitors are in maintenance until/).waitFor();
  expect([lasts((await windows("shop")) as Window), lasts(((await windows("this machine")) as Window[])[1]!)]).toEqual([
    240, 240,
  ]);
  // Whoever is not in maintenance is left alone.
  await row("router").locator(".box").click();
  await button.click();
  await item("End maintenance").click();
  await page.getByText("3 monitors are out of maintenance").waitFor();
  expect([await windows("shop"), await windows("this machine")]).toEqual([
    undefined,
    { daily: "02:00-04:00", days: ["sun"] },
  ]);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone", { exact: true }).waitFor();
  expect(lasts((await windows("shop")) as Window)).toBe(240);
});

test("maintenance begins by the finder and beside what is planned", async () => {
  page = await stage.open("?still#/");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("maintenance this machine 4");
  await page.getByRole("option", { name: "Put this machine in maintenance for 4 hours" }).click();
  await page.getByText(/^this machine: in maintenance until/).waitFor();
  const [weekly, now] = (await windows("this machine")) as Window[];
  expect([weekly, lasts(now!)]).toEqual([{ daily: "02:00-04:00", days: ["sun"] }, 240]);
});

test("a maintenance window of one time and its zone are filled in", async () => {
  page = await stage.open("?still#/edit/monitor/portfolio");
  await page.getByText("Tags, alerts, maintenance").click();
  await page.getByRole("button", { name: "Add: Maintenance" }).click();
  await page.getByLabel("Or once, from").fill("2026-12-24T22:00");
  await page.getByLabel("Until", { exact: true }).fill("2026-12-25T06:00");
  await page.getByLabel("Time zone").fill("Europe/Madrid");
  await page.getByRole("button", { name: "Save" }).click();
  await expect
    .poll(() => windows("portfolio"))
    .toEqual({ from: "2026-12-24T22:00", to: "2026-12-25T06:00", zone: "Europe/Madrid" });
});

test("who may not edit is offered no maintenance", async () => {
  page = await stage.open("?still&may=steer#/monitor/portfolio");
  await page.getByRole("button", { name: "Check now" }).waitFor();
  expect(await page.getByRole("button", { name: /maintenance/i }).count()).toBe(0);
});

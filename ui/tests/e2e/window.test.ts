import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();
let page: Page;

const rows = () => page.locator("[role=row][id]");

test("a lost engine is said, what was known stays, and it is back when it is back", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  const hear = (message: string) =>
    page.evaluate((message) => {
      const { mock } = globalThis as unknown as { mock: { hear(heard: unknown): void; hello(): unknown } };
      mock.hear(message === "hello" ? { heard: "hello", hello: mock.hello() } : { heard: "lost", why: message });
    }, message);
  await hear("the process ended");
  await page.getByText("The connection to the engine was lost.").waitFor();
  expect(await rows().count()).toBe(13);
  await hear("hello");
  await page.getByText("The connection to the engine was lost.").waitFor({ state: "detached" });
});

test("the tray opens a page, and the window is called after it", async () => {
  page = await stage.open("?still");
  await expect.poll(() => page.title()).toMatch(/^\(\d+\) Overview – Estatus$/);
  await page.evaluate(() =>
    (globalThis as unknown as { mock: { hear(heard: unknown): void } }).mock.hear({
      heard: "open",
      page: "/monitor/router",
    }),
  );
  await page.getByRole("heading", { level: 1, name: "router" }).waitFor();
  await expect.poll(() => page.title()).toMatch(/^\(\d+\) router – Estatus$/);
});

test("a system without a language does not keep the window from opening", async () => {
  page = await stage.open();
  await page.addInitScript(() => Object.defineProperty(navigator, "language", { value: "C", configurable: true }));
  await page.reload();
  await rows().first().waitFor();
});

test("who may only steer is offered nothing that the engine would refuse, and told why", async () => {
  page = await stage.open("?still&may=steer");
  const goTo = (hash: string) => page.evaluate((hash) => (location.hash = hash), hash);
  await rows().first().waitFor();
  expect(await page.getByRole("button", { name: "Add" }).count()).toBe(0);
  await goTo("#/program/web");
  await page.getByRole("button", { name: "Restart" }).first().waitFor();
  expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0);
  await goTo("#/flow/nightly%20backup");
  await page.getByRole("button", { name: "Run now" }).waitFor();
  expect(await page.getByRole("button", { name: "Dry run" }).count()).toBe(0);
  for (const closed of ["#/settings", "#/edit/monitor/shop", "#/new/program", "#/welcome", "#/plan/nightly%20backup"]) {
    await goTo(closed);
    await page.getByText("Only administrators can change the configuration").waitFor();
    expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);
  }
});

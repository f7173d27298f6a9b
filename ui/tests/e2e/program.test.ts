import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { pass, staged } from "./stage";

const stage = staged();
let page: Page;

test("a log goes on as it is written, and is searched", async () => {
  page = await stage.open("?still#/program/web");
  const log = page.getByRole("log");
  await log.getByText("ms").first().waitFor();
  const last = () => log.locator(".line").last().textContent();
  const before = await last();
  await pass(page, 1);
  await expect.poll(last).not.toBe(before);
  await page.getByRole("searchbox", { name: "Search output" }).fill("WARNING");
  await page.getByLabel("only matches").check();
  await expect
    .poll(async () => {
      const lines = await log.locator(".line").allTextContents();
      return lines.length > 0 && lines.every((line) => line.includes("warning"));
    })
    .toBe(true);
  await expect.poll(() => log.locator("mark").count()).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("button", { name: "Start", exact: true }).waitFor();
});

test("how a program stood is shown over a day, a week or a month, and told change by change", async () => {
  page = await stage.open("?still#/program/worker");
  const strip = page.getByRole("img", { name: /start/ });
  await strip.waitFor();
  const day = await strip.getAttribute("aria-label");
  await page.locator("section", { has: strip }).getByRole("button", { name: "7 d" }).click();
  await expect.poll(() => strip.getAttribute("aria-label")).not.toBe(day);
  await page.getByText("Events", { exact: true }).click();
  await page.getByText("SIGSEGV (segmentation fault)").nth(1).waitFor();
});

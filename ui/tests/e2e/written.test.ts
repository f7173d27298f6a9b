import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { staged } from "./stage";

const stage = staged();

const SNAPSHOTS = fileURLToPath(new URL("../../../src-tauri/crates/engine/src/pages/snapshots/", import.meta.url));

/** A page that the engine writes, as its test has kept it. */
const written = (name: string) =>
  readFileSync(`${SNAPSHOTS}estatus_engine__pages__tests__${name}.snap`, "utf8").replace(/^---\n[^]*?\n---\n/, "");

test.each(["report_en", "report_es", "status_en", "status_es"])(
  "the page %s that others are given can be read in every width and theme",
  async (name) => {
    const page = await stage.blank({ bypassCSP: true });
    const html = written(name);
    expect(html).toMatch(/^<!doctype html>/);
    // It refreshes itself by design, as no script may: that rule is left out, and nothing reloads beneath the test.
    await page.setContent(html.replace('<meta http-equiv="refresh" content="60">', ""));
    const found: string[] = [];
    for (const width of [1100, 700, 420]) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        found.push(...(await axe(page)).map((what) => `${width} ${colorScheme} ${what}`));
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) found.push(`${width} ${colorScheme}: ${over} px too wide`);
      }
    }
    expect(found).toEqual([]);
  },
);

test("the uptime of a day, a month and a year stand side by side, with how much of them was observed", async () => {
  const page = await stage.open("?still#/monitor/portfolio");
  const uptime = page.getByRole("region", { name: "Uptime", exact: true });
  const cells = uptime.locator("dl > div");
  await cells.first().waitFor();
  await expect.poll(() => cells.locator("b").allInnerTexts()).not.toContain("…");
  expect(await cells.locator("dt").allInnerTexts()).toEqual(["24 hours", "30 days", "1 year"]);
  for (const share of await cells.locator("b").allInnerTexts()) expect(share).toMatch(/^\d+(\.\d+)?%$/);
  // Side by side: all on one line.
  const tops = await cells.evaluateAll((all) => all.map((cell) => Math.round(cell.getBoundingClientRect().top)));
  expect(new Set(tops).size).toBe(1);
});

test("of a young monitor it is said how long it was observed, and of one never checked that there is no data", async () => {
  const page = await stage.open("?still&young=router#/monitor/router");
  const uptime = page.getByRole("region", { name: "Uptime", exact: true });
  await expect.poll(() => uptime.getByText(/^observed \d+/).count()).toBe(3);
  await page.evaluate(() => (location.hash = "#/monitor/new%20landing%20page"));
  await expect.poll(() => uptime.getByText("no data", { exact: true }).count()).toBe(3);
});

test("the status page is set up and removed in the settings", async () => {
  const page = await stage.open("?still#/settings");
  const file = page.getByLabel("File", { exact: true });
  await file.fill("status.html");
  const form = page.locator("form", { has: file });
  await form.getByLabel("Only with tags").fill("public");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByText("The settings were saved").waitFor();
  await form.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect.poll(() => file.inputValue()).toBe("");
  expect(await form.getByRole("button", { name: "Remove" }).count()).toBe(0);
});

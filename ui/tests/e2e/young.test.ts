import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();

/** How many minutes a chart shows, by what it is called. */
const minutes = (label: string) => {
  const [from, to] = label.match(/\d+ \w+ \d{4}, \d+:\d+:\d+/g) ?? [];
  return (Date.parse((to ?? "").replace(",", "")) - Date.parse((from ?? "").replace(",", ""))) / 60_000;
};

test("the chart of a young monitor begins where the monitor began, whatever range is chosen", async () => {
  const page = await stage.open("?still&young=router#/monitor/router");
  const chart = page.locator(".chart");
  await page.getByText("watched since").waitFor();
  for (const range of ["24 h", "30 d", "1 h"]) {
    await page.getByRole("button", { name: range, exact: true }).click();
    await expect
      .poll(async () => minutes((await chart.getAttribute("aria-label")) ?? ""), { message: range })
      .toBeLessThan(45);
  }
  await page.evaluate(() => (location.hash = "#/monitor/portfolio"));
  await expect.poll(async () => minutes((await chart.getAttribute("aria-label")) ?? "")).toBeGreaterThan(55);
  expect(await page.getByText("watched since").count()).toBe(0);
});

test("so does its bar among all monitors, and one that was never checked has none", async () => {
  const page = await stage.open("?still&young=router#/");
  const row = page.getByRole("row", { name: /router/ });
  await row.getByRole("img", { name: /^Since .*: 100% up/ }).waitFor();
  expect(await row.locator(".unseen-part").getAttribute("d")).toBe("");
  await page
    .getByRole("row", { name: /new landing page/ })
    .getByText("no results yet")
    .waitFor();
  await page
    .getByRole("row", { name: /database/ })
    .getByRole("img", { name: "Last 24 hours: 100% up" })
    .waitFor();
});

test("a monitor that was never checked says what will come", async () => {
  const page = await stage.open("?still#/monitor/new%20landing%20page");
  await page.getByText("With the first check").waitFor();
  expect(await page.locator(".chart").count()).toBe(0);
});

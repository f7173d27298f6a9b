import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();
let page: Page;

test("from a monitor one comes back to what led there", async () => {
  page = await stage.open("?still#/incident/214");
  await page.getByRole("main").getByRole("heading", { level: 2 }).getByRole("link").click();
  const back = page.getByRole("main").getByRole("link", { name: "Incident 214" });
  await back.waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/incident\/214$/);
});

test("a monitor is paused, resumed and acknowledged", async () => {
  page = await stage.open("?still#/monitor/shop");
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("acknowledged", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("menuitem", { name: "Until resumed" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
});

test("a chart is drawn, and a stretch that is dragged over is zoomed into", async () => {
  page = await stage.open("?still#/monitor/portfolio");
  const plot = page.locator(".u-over");
  await plot.waitFor();
  const box = await plot.boundingBox();
  if (!box) throw new Error("the chart has no size");
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Reset zoom" }).click();
  await page.getByRole("button", { name: "1 y" }).click();
  await page.getByRole("img", { name: /^Latency from/ }).waitFor();
});

test("latency is shown by percentiles, or by the phases that it is made of", async () => {
  page = await stage.open("?still#/monitor/portfolio");
  const past = page.getByRole("region", { name: "History" });
  // For who cannot see the chart there is a table of it.
  const titles = () => past.getByRole("table").getByRole("columnheader").allTextContents();
  await expect.poll(titles).toEqual(["Time", "p50", "p95", "p99", "Uptime"]);
  await past.getByRole("button", { name: "Phases" }).click();
  await expect.poll(titles).toContain("waiting for response");
  expect(await past.getByText("p95").count()).toBe(0);
  await past.getByRole("button", { name: "1 y" }).click();
  await expect.poll(titles).toContain("waiting for response");
  await page.getByRole("img", { name: /^Latency from/ }).waitFor();
});

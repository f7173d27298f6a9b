import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();

const chart = (name: RegExp) => ({ name, exact: false });

test("a program's CPU and memory are drawn from an hour to a year, with its limit and its starts", async () => {
  const page = await stage.open("?still#/program/web");
  const usage = page.getByRole("region", { name: "CPU and memory over time" });
  const cpu = usage.getByRole("img", chart(/^CPU from .*: average .*%, highest .*%$/));
  await cpu.waitFor();
  const memory = usage.getByRole("img", chart(/^Memory from .*: average \d+ MB, highest \d+ MB; limit 500 MB$/));
  expect(await memory.count()).toBe(1);
  expect(await usage.getByText("limit 500 MB").first().isVisible()).toBe(true);
  const days = async () => {
    const [from, to] = ((await cpu.getAttribute("aria-label")) ?? "").match(/\d+ \w+ \d{4}/g) ?? [];
    return Math.round((Date.parse(to ?? "") - Date.parse(from ?? "")) / 86_400_000);
  };
  for (const [range, least, most] of [
    ["1 h", 0, 1],
    ["24 h", 1, 1],
    ["7 d", 7, 7],
    ["30 d", 30, 30],
    ["1 y", 365, 365],
  ] as const) {
    await usage.getByRole("button", { name: range, exact: true }).click();
    await expect.poll(days, { message: range }).toBeGreaterThanOrEqual(least);
    await expect.poll(days, { message: range }).toBeLessThanOrEqual(most);
  }
  expect(await usage.getByText(/^\d+ starts?$/).count()).toBe(1);
});

test("what is drawn stands in a table, too, with its units", async () => {
  const page = await stage.open("?still#/program/web");
  const table = page.getByRole("table", { name: /^Memory from/ });
  await table.waitFor({ state: "attached" });
  expect(await table.getByRole("columnheader").allTextContents()).toEqual(["Time", "average", "lowest", "highest"]);
  const rows = await table.getByRole("row").count();
  expect(rows).toBeGreaterThan(10);
  expect(await table.getByRole("row").nth(1).getByRole("cell").first().textContent()).toMatch(/^\d+ MB$/);
});

test("what is pointed at is told, and a start with its reason", async () => {
  const page = await stage.open("?still#/program/worker");
  const usage = page.getByRole("region", { name: "CPU and memory over time" });
  await usage.getByRole("img", chart(/^CPU from/)).waitFor();
  const overlay = usage.locator(".u-over").first();
  const { x, y, width, height } = (await overlay.boundingBox())!;
  const tip = page.getByRole("tooltip");
  // Somewhere among its starts of the last day there is one.
  for (let part = 1; part < 60 && (await tip.count()) === 0; part += 1) {
    await page.mouse.move(x + (width * part) / 60, y + height / 2);
  }
  expect(await tip.textContent()).toMatch(/^Started .*exit code 1/s);
  await page.mouse.move(0, 0);
  await expect.poll(() => tip.count()).toBe(0);
});

test("a stretch that is dragged over is zoomed into", async () => {
  const page = await stage.open("?still#/program/web");
  const usage = page.getByRole("region", { name: "CPU and memory over time" });
  const cpu = usage.getByRole("img", chart(/^CPU from/));
  await cpu.waitFor();
  const before = await cpu.getAttribute("aria-label");
  const { x, y, width, height } = (await usage.locator(".u-over").first().boundingBox())!;
  await page.mouse.move(x + width * 0.5, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.75, y + height / 2, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => cpu.getAttribute("aria-label")).not.toBe(before);
  await usage.getByRole("button", { name: "Reset zoom" }).click();
  expect(await usage.getByRole("button", { name: "24 h", exact: true }).getAttribute("aria-pressed")).toBe("true");
});

test("a host monitor shows CPU, memory, load and free space with its limits, and no other monitor does", async () => {
  const page = await stage.open("?still#/monitor/this%20machine");
  const usage = page.getByRole("region", { name: "CPU and memory over time" });
  for (const title of [/^CPU from .*; limit 90%$/, /^Memory from .*; limit 90%$/, /^Load from .*highest \d/]) {
    await usage.getByRole("img", chart(title)).waitFor();
  }
  await usage.getByRole("img", chart(/^Free space on \/ from .*, lowest \d+%; limit 10%$/)).waitFor();
  await page.evaluate(() => (location.hash = "#/monitor/portfolio"));
  await page.getByText("Last probe").waitFor();
  expect(await page.getByRole("region", { name: "CPU and memory over time" }).count()).toBe(0);
});

test("where nothing is recorded yet, it is said what will come", async () => {
  const page = await stage.open("?still&measured=never#/program/web");
  await page.getByText("Recorded from now on; the first values come in a minute.").waitFor();
  await page.evaluate(() => (location.hash = "#/program/cloudflared"));
  const usage = page.locator("section", { has: page.getByRole("heading", { name: "CPU and memory over time" }) });
  await usage.getByText("Nothing was recorded in this period.").waitFor();
});

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { clipped, staged, wide } from "./stage";

const stage = staged();

const box = (page: Page) => page.getByLabel("Page, address, port or process");

/** The monitors that the file holds, without their names. */
const entered = (page: Page) =>
  page.evaluate(() => {
    const { mock } = globalThis as unknown as { mock: { tables(): { monitor?: Record<string, unknown>[] } } };
    return (mock.tables().monitor ?? []).map(({ name: _, ...rest }) => rest);
  });

test("what is pasted is understood before the click, and another reading can be chosen", async () => {
  const page = await stage.open("?world=empty&still");
  await box(page).fill("[::1]:80");
  const read = page.getByLabel("Understood as: [::1]:80");
  expect(await read.locator("option:checked").textContent()).toBe("Port 80 of ::1");
  await page.getByRole("status").getByText("Port 80 of ::1, every 30s").waitFor({ state: "attached" });
  await read.selectOption({ label: "Page http://[::1]/" });
  await page.getByRole("status").getByText("Page http://[::1]/, every 1m").waitFor({ state: "attached" });
  await box(page).press("Enter");
  await page.getByRole("heading", { level: 1, name: "[::1]", exact: true }).waitFor();
  expect(await entered(page)).toEqual([{ http: "http://[::1]/", every: "1m" }]);
});

test("what cannot be checked is refused, and what can be used instead is a click away", async () => {
  const page = await stage.open("?world=empty&still");
  await box(page).fill("ftp://x.y");
  await page.getByText("ftp:// cannot be checked. Watch the port instead:").waitFor();
  await page.getByRole("button", { name: "Watch", exact: true }).first().click();
  expect(await entered(page)).toEqual([]);
  await page.getByRole("button", { name: "x.y:21" }).click();
  await page.getByRole("button", { name: "Watch", exact: true }).first().click();
  await page.getByRole("heading", { level: 1, name: "x.y:21" }).waitFor();
  expect(await entered(page)).toEqual([{ tcp: "x.y:21", every: "30s" }]);
});

test("many lines are many monitors, and what is watched already is named as such", async () => {
  const page = await stage.open("?still#/welcome");
  const before = (await entered(page)).length;
  await box(page).fill("example.org\n- 192.168.1.77\nhttps://shop.example/cart\ntwo words\nnginx\nexample.org");
  await page.getByRole("link", { name: "Watched as shop" }).waitFor();
  await page.getByText("“two words” is not understood.").waitFor();
  await page.getByRole("button", { name: "Watch 3" }).click();
  await page.getByText("3 monitors were added").waitFor();
  expect((await entered(page)).slice(before)).toEqual([
    { http: "https://example.org/", every: "1m" },
    { ping: "192.168.1.77", every: "30s" },
    { process: "nginx", every: "10s" },
  ]);
  await page.getByText("of 16").waitFor();
});

test("what is not understood is said once it is asked for, and not while it is typed", async () => {
  const page = await stage.open("?world=empty&still");
  await box(page).pressSequentially("two words");
  expect(await page.getByText("is not understood").count()).toBe(0);
  await box(page).press("Enter");
  await page.getByText("“two words” is not understood. Write a web page").waitFor();
});

test("what was understood can be read in every width and theme", async () => {
  const page = await stage.open("?still&language=es#/welcome", { reducedMotion: "reduce" });
  const lines = ["example.org", "[::1]:80", "ftp://files.example/pub", "https://shop.example/cart", "dos palabras"];
  await page.getByLabel("Página, dirección, puerto o proceso").fill(lines.join("\n"));
  const found: unknown[] = [];
  for (const [width, height, colorScheme] of [
    [1100, 720, "light"],
    [700, 600, "dark"],
    [550, 360, "light"],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    found.push(...(await axe(page)).map((what) => `${width} ${what}`));
    found.push(...(await page.evaluate(wide)), ...(await page.evaluate(clipped)));
  }
  expect(found).toEqual([]);
});

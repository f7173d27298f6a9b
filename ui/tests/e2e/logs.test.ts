import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { saved, staged } from "./stage";

const stage = staged();
let page: Page;

const WEB = "?still#/program/web";
const log = () => page.getByRole("log", { name: "Output of web" });
const field = () => page.getByRole("searchbox", { name: "Search output" });

/** Has web write `count` lines. */
const write = (count: number) =>
  page.evaluate((count) => {
    const { mock } = globalThis as unknown as { mock: { write(program: string, count: number): void } };
    mock.write("web", count);
  }, count);

/** How far the end of the log is away, in pixels. */
const toEnd = () => log().evaluate((box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight));
const scroll = (by: number) => log().evaluate((box, by) => void box.scrollBy(0, by), by);

/** The first line that can be read, and how far it is from the edge, in pixels: once lines are drawn where one scrolled to. */
async function first() {
  let read = "";
  const gap = async () => {
    const [away, line] = await log().evaluate((box) => {
      const top = box.getBoundingClientRect().top;
      const lines = [...box.querySelectorAll(".line")].map(
        (one) => [one.getBoundingClientRect().top - top, one.textContent] as const,
      );
      return lines.filter(([away]) => away >= 0).sort(([one], [other]) => one - other)[0]!;
    });
    read = `${line} at ${Math.round(away)}`;
    return away;
  };
  await expect.poll(gap).toBeLessThan(40);
  return read;
}

async function opened(address = WEB) {
  page = await stage.open(address, { viewport: { width: 1100, height: 900 }, reducedMotion: "reduce" });
  await log().getByText("GET").first().waitFor();
  await expect.poll(toEnd).toBe(0);
}

test("older lines come before those that one reads, which stay where they are, day by day", async () => {
  await opened();
  const day = page.locator("section .top.day");
  const dayNow = async () => (await day.textContent())?.trim();
  expect(await dayNow()).toBe("Today");
  await scroll(-18_000);
  const read = await first();
  await expect.poll(() => log().evaluate((box) => box.scrollTop > 15_000)).toBe(true);
  expect(await first()).toBe(read);
  await expect.poll(dayNow).toMatch(/Yesterday|Today/);
  await expect
    .poll(
      async () => {
        await scroll(-1e6);
        return dayNow();
      },
      { timeout: 30_000 },
    )
    .toMatch(/^(?!Today|Yesterday).*Beginning of the log$/);
  // From the end it is Today again, and days are told apart.
  await page.getByRole("button", { name: "Latest lines" }).click();
  await expect.poll(dayNow).toBe("Today");
});

test("lines that come while one reads are counted, and one press leads to them", async () => {
  await opened();
  await write(1);
  await expect.poll(toEnd).toBe(0);
  expect(await page.getByRole("button", { name: /new lines?$/ }).count()).toBe(0);
  await scroll(-2000);
  const read = await first();
  await write(12);
  const button = page.getByRole("button", { name: "12 new lines" });
  await button.waitFor();
  await page.getByRole("status").getByText("12 new lines").waitFor({ state: "attached" });
  expect(await first()).toBe(read);
  await button.press("Enter");
  await expect.poll(toEnd).toBe(0);
  await button.waitFor({ state: "detached" });
  await write(1);
  await expect.poll(toEnd).toBe(0);
});

test("the whole log is searched, and each line that is found is shown among its neighbours", async () => {
  await opened();
  await field().fill("REQUEST 77");
  await page
    .getByRole("status")
    .getByText(/^\d+ lines$/)
    .waitFor();
  await expect.poll(() => log().locator("mark").count()).toBe(0);
  const told = page.locator("header .told");
  await field().press("Enter");
  await expect.poll(() => told.textContent()).toMatch(/^(\d+) of \1$/);
  const current = log().locator(".line.current");
  await current
    .locator("mark")
    .getByText(/^request 77$/)
    .waitFor();
  expect(await log().locator(".line").count()).toBeGreaterThan(20);
  const newest = await current.textContent();
  await field().press("Enter");
  await expect.poll(() => current.textContent()).not.toBe(newest);
  await page.getByRole("button", { name: "Next match" }).click();
  await expect.poll(() => current.textContent()).toBe(newest);
  // From there one reads on to the end.
  await expect
    .poll(
      async () => {
        await scroll(1e6);
        await write(1);
        return page.getByRole("button", { name: /Latest lines|new lines?/ }).count();
      },
      { timeout: 20_000 },
    )
    .toBe(0);
  await field().press("Escape");
  await expect.poll(() => log().locator("mark").count()).toBe(0);
});

test("one Enter is enough to go to what is found, and what was found can be shown alone", async () => {
  await opened();
  await field().fill("request 10");
  await field().press("Enter");
  await log().locator(".line.current").getByText("request 10").waitFor();
  await page.getByLabel("only matches").check();
  await expect.poll(toEnd).toBe(0);
  const all = await log().locator(".line").allTextContents();
  expect(all.length).toBeGreaterThan(5);
  expect(all.every((text) => text.includes("request 10"))).toBe(true);
  await field().fill("never written");
  await page.getByRole("status").getByText("No matches").waitFor();
  await page.getByRole("heading", { name: "No matches" }).waitFor();
});

test("errors are shown alone, also those that come, and searched alone", async () => {
  await opened();
  await page.getByLabel("Errors only").check();
  await expect.poll(() => log().locator(".line.out").count()).toBe(0);
  await log().locator(".line.err").first().waitFor();
  await write(60);
  await expect.poll(() => log().locator(".line.out").count()).toBe(0);
  await field().fill("GET");
  await page.getByRole("status").getByText("No matches").waitFor();
  await field().fill("slow request");
  await page
    .getByRole("status")
    .getByText(/^[\d,]+ lines$/)
    .waitFor();
  await page.getByLabel("Errors only").uncheck();
  await field().fill("GET");
  await page
    .getByRole("status")
    .getByText(/^[\d,]+\+? lines$/)
    .waitFor();
});

test("long lines are wrapped, and stay so", async () => {
  await opened();
  const wide = () => log().evaluate((box) => box.scrollWidth > box.clientWidth);
  await expect.poll(wide).toBe(true);
  await page.getByLabel("Wrap lines").check();
  await expect.poll(wide).toBe(false);
  await expect.poll(toEnd).toBe(0);
  // Nothing of a line is cut off.
  const cut = () =>
    log().evaluate(
      (box) => [...box.querySelectorAll(".line")].filter((one) => one.scrollHeight > one.clientHeight).length,
    );
  expect(await cut()).toBe(0);
  await page.setViewportSize({ width: 700, height: 700 });
  await expect.poll(cut).toBe(0);
  await page.reload();
  await log().getByText("GET").first().waitFor();
  expect(await page.getByLabel("Wrap lines").isChecked()).toBe(true);
  await expect.poll(wide).toBe(false);
});

test("lines are copied: those that are selected, or all that are shown", async () => {
  page = await stage.open(WEB, { permissions: ["clipboard-read", "clipboard-write"] });
  const copied = async () => {
    await page.getByRole("button", { name: "Copy the selection, or all lines shown" }).click();
    await page.getByText("Copied").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await log().getByText("GET").first().waitFor();
  const all = (await copied()).trimEnd().split("\n");
  expect(all.length).toBe(1000);
  expect(all.every((one) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [ !–] \S/.test(one))).toBe(true);
  const line = log().locator(".line span").first();
  await line.evaluate((text) => getSelection()?.selectAllChildren(text));
  expect(await copied()).toBe(await line.textContent());
});

test("the log is saved as a file: all of it, its errors, or what was found", async () => {
  await opened();
  const lines = async (what: string) => {
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save to a file" }).click();
    await page.getByRole("menuitem", { name: what }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^web-\d{4}-\d\d-\d\d\.log$/);
    await page
      .getByText(/^Saved: .*web-.*\.log$/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    return (await saved(file)).trimEnd().split("\n");
  };
  const whole = await lines("Save the whole log");
  expect(whole.length).toBe(12_000);
  expect(whole[0]! < whole[11_999]!).toBe(true);
  await page.getByLabel("Errors only").check();
  const errors = await lines("Save the errors");
  expect(errors.length).toBeGreaterThan(1000);
  expect(errors.every((one) => one.includes(" ! warning"))).toBe(true);
  await page.getByLabel("Errors only").uncheck();
  await field().fill("request 777");
  await page
    .getByRole("status")
    .getByText(/^\d+ lines?$/)
    .waitFor();
  expect((await lines("Save the matches")).every((one) => one.includes("request 777"))).toBe(true);
});

test("a log that cannot be read says so", async () => {
  page = await stage.open("?still&answers=failing#/program/web");
  await page.getByRole("alert").getByText("the disk is full").first().waitFor();
});

test("logs speak the language of the window", async () => {
  page = await stage.open("?still&language=es#/program/web");
  await page.getByText("Hoy", { exact: true }).waitFor();
  await page.getByLabel("Solo errores").check();
  await page.getByRole("searchbox", { name: "Buscar en la salida" }).fill("request");
  await page
    .getByRole("status")
    .getByText(/^[\d.]+ líneas$/)
    .waitFor();
  await page.getByRole("button", { name: "Guardar en un archivo" }).click();
  await page.getByRole("menuitem", { name: "Guardar los errores" }).waitFor();
});

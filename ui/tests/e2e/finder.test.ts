import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { staged } from "./stage";

const stage = staged();

const box = (page: Page) => page.getByRole("combobox", { name: "Find or do anything" });

/** What is found for `text`, which is typed as by a user. */
async function found(page: Page, text: string): Promise<string[]> {
  if (!(await box(page).isVisible())) await page.keyboard.press("Control+k");
  await box(page).fill(text);
  return page.getByRole("option").locator("b").allTextContents();
}

test("Ctrl K finds monitors, programs, flows, fleets, incidents, pages and acts, and goes there by the keyboard alone", async () => {
  const page = await stage.open("?still#/");
  const goes = async (text: string, first: string, hash: string) => {
    expect((await found(page, text))[0], text).toBe(first);
    await page.keyboard.press("Enter");
    await box(page).waitFor({ state: "detached" });
    expect(await page.evaluate(() => location.hash), text).toBe(hash);
  };
  await goes("portf", "portfolio", "#/monitor/portfolio");
  await goes("worker", "worker", "#/program/worker");
  await goes("heal", "heal the shop", "#/flow/heal%20the%20shop");
  await goes("edge", "edge", "#/fleet/edge");
  await goes("214", "Incident 214: shop", "#/incident/214");
  await goes("fleets", "Fleets", "#/fleets");
  await goes("new mon", "New monitor", "#/new/monitor");
  await goes("settings e-mail", "Settings: Email", "#/settings");
  await page.waitForFunction(() => document.activeElement?.textContent === "Email");
});

test("it stays open for whoever opens it again before its closing is heard", async () => {
  const page = await stage.open("?still#/");
  await found(page, "fleets");
  await page.evaluate(() => {
    const press = (key: string, ctrlKey = false) =>
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true }));
    const heard = new Promise((resolve) =>
      document.querySelector("dialog[open]")?.addEventListener("close", resolve, { once: true }),
    );
    press("Enter");
    press("k", true);
    return heard;
  });
  await box(page).fill("worker");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash === "#/program/worker");
});

test("what is found is done: pause, check, snooze all", async () => {
  const page = await stage.open("?still#/programs");
  const does = async (text: string, first: string, told: string) => {
    // What was done before is heard of in a moment, and what is looked through is that of the moment.
    await expect
      .poll(
        async () => {
          await page.keyboard.press("Escape");
          return (await found(page, text))[0];
        },
        { message: text },
      )
      .toBe(first);
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText(told).waitFor();
  };
  await does("pause shop", "Pause shop", "shop is paused");
  await does("resume shop", "Resume shop", "shop is being checked again");
  await does("check now router", "Check router now", "Checking router");
  await does("snooze all alerts 1 h", "Snooze all alerts for 1 hour", "snoozed until");
  await does("end snooze all", "End the snooze of all alerts", "Alerts are on again");
  await does("stop web", "Stop web", "web was stopped");
});

test("it is led by arrows and told to a screen reader, and Escape gives the focus back", async () => {
  const page = await stage.open("?still#/");
  const button = page.getByRole("button", { name: "Find" });
  await button.click();
  await box(page).fill("shop");
  const chosen = () => page.locator("[role=option][aria-selected=true]").textContent();
  const pointed = () =>
    page.evaluate(() => {
      const id = document.querySelector("[role=combobox]")?.getAttribute("aria-activedescendant");
      return document.getElementById(id ?? "")?.getAttribute("aria-selected");
    });
  const first = await chosen();
  await page.keyboard.press("ArrowUp");
  expect([(await chosen()) !== first, await pointed()]).toEqual([true, "true"]);
  await page.keyboard.press("ArrowDown");
  expect([await chosen(), await pointed()]).toEqual([first, "true"]);
  await page.getByRole("status").getByText("found").waitFor({ state: "attached" });
  await box(page).fill("qqqq");
  await page.getByText("Nothing is called that").waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await box(page).waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.textContent?.startsWith("Find"));
});

test("an address that nothing is called by can be watched", async () => {
  const page = await stage.open("?still#/programs");
  expect(await found(page, "new.example:8443")).toEqual(["Watch new.example:8443"]);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "new.example:8443" }).waitFor();
  expect(await found(page, "nothing-of-the-kind")).toEqual([]);
});

test("whoever may only steer is not offered what he may not do", async () => {
  const page = await stage.open("?still&may=steer#/");
  expect(await found(page, "new monitor")).toEqual([]);
  expect(await found(page, "edit shop")).toEqual([]);
  expect(await found(page, "new.example:8443")).toEqual([]);
  expect((await found(page, "pause shop"))[0]).toBe("Pause shop");
});

test("it is accessible in every width and theme", async () => {
  const page = await stage.open("?still#/", { reducedMotion: "reduce" });
  const violations: unknown[] = [];
  for (const [width, height, colorScheme] of [
    [1100, 720, "light"],
    [700, 600, "dark"],
    [550, 360, "light"],
    [420, 360, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    for (const text of ["", "shop", "qqqq"]) {
      await found(page, text);
      violations.push(...(await axe(page)).map((what) => `${width} “${text}” ${what}`));
      const { right, bottom } = await page.locator("dialog[open]").evaluate((it) => it.getBoundingClientRect());
      if (right > width || bottom > height) violations.push(`${width}: it ends at ${right}, ${bottom}`);
    }
    await page.keyboard.press("Escape");
  }
  expect(violations).toEqual([]);
});

test.each(["light", "dark"] as const)(
  "the letters that are found are seen in forced colours (%s)",
  async (colorScheme) => {
    const page = await stage.open("?still#/", { forcedColors: "active", colorScheme });
    await found(page, "sh");
    const [ink, ground] = await page
      .getByRole("option", { selected: false })
      .locator("mark")
      .first()
      .evaluate((mark) => [getComputedStyle(mark).color, getComputedStyle(mark).backgroundColor]);
    expect(ink).not.toBe(ground);
    expect(ground).not.toBe("rgba(0, 0, 0, 0)");
  },
);

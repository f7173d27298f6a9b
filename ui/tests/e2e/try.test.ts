import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { clipped, clobbered, pass, staged, wide } from "./stage";

const stage = staged();
let page: Page;

interface Mock {
  secrets(): Record<string, string>;
  tables(): Record<string, unknown>;
  tried: { of: { what: string; name: string }; secrets: string[] }[];
}

const told = () => page.getByRole("status", { name: "Trial" });
const command = () => page.locator("#f-command");
const tryIt = () => page.getByRole("button", { name: "Try it now" });
const mock = <Value>(read: (mock: Mock) => Value): Promise<Value> =>
  page.evaluate(`(${read.toString()})(globalThis.mock)`) as Promise<Value>;

test("a monitor is tried before it is saved, with its phases, and what is typed later makes that stale", async () => {
  page = await stage.open("?still#/new/monitor");
  const before = await mock(({ tables }) => tables());
  await page.getByLabel("Address").fill("https://portfolio.example/new");
  await tryIt().click();
  await told().getByText("200 OK, 14 kB").waitFor();
  await told().getByText("Up", { exact: true }).waitFor();
  for (const phase of ["DNS", "TLS"]) await told().getByText(phase).first().waitFor();
  expect(await told().getByText("The form has changed since").count()).toBe(0);
  await page.getByLabel("Address").fill("https://expired.example/");
  await told().getByText("The form has changed since").waitFor();
  await tryIt().focus();
  await page.keyboard.press("Enter");
  await told().getByText("expired on 2026-11-02").waitFor();
  await told().getByText("issuer: Example CA").waitFor();
  expect(await told().getByText("The form has changed since").count()).toBe(0);
  expect(await mock(({ tables }) => tables())).toEqual(before);
});

test("what is wrong is shown at its field, and nothing is tried", async () => {
  page = await stage.open("?still#/edit/monitor/shop");
  await page.getByLabel("Address").fill("example");
  await tryIt().click();
  await page.locator("[aria-invalid=true]").first().waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-invalid"))).toBe("true");
  expect(await mock(({ tried }) => tried)).toEqual([]);
});

test("a program starts once in the open, is ready, and is stopped again", async () => {
  page = await stage.open("?still#/new/program");
  await command().fill("npm run dev");
  await tryIt().click();
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await page.getByRole("log").getByText("starting on 127.0.0.1:5173").waitFor();
  await pass(page, 1);
  await told()
    .getByText(/It was ready after .* It has been stopped again/)
    .waitFor();
  expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
});

test("a program that ends tells how, and one that goes on is stopped by a click or with its page", async () => {
  page = await stage.open("?still#/new/program");
  await command().fill("npm run fail");
  await tryIt().click();
  await page.getByRole("log").getByText("> npm run fail").waitFor();
  await pass(page, 1);
  await told().getByText("exit code 1 (general error)").waitFor();
  await page.getByRole("log").getByText("Cannot find module").waitFor();
  await command().fill("npm run forever");
  await tryIt().click();
  await page.getByRole("log").getByText("loading configuration").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await told().getByText("until you stopped it").waitFor();
});

test("what a program starts after is named where it does not run, before and after", async () => {
  page = await stage.open("?still#/new/program");
  await command().fill("npm run dev");
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByLabel("Start after", { exact: true }).fill("reloj, worker");
  await tryIt().click();
  const said = told().getByText("starts after worker, which is not running now. It is tried all the same.");
  await said.waitFor();
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await pass(page, 1);
  await told().getByText("It was ready after").waitFor();
  expect(await said.count()).toBe(1);
  // Of what runs there is nothing to say.
  page = await stage.open("?still#/new/program");
  await command().fill("npm run dev");
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByLabel("Start after", { exact: true }).fill("reloj");
  await tryIt().click();
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await pass(page, 1);
  await told().getByText("It was ready after").waitFor();
  expect(await told().getByText("starts after").count()).toBe(0);
});

test("no second copy of what runs is started, and that is said", async () => {
  page = await stage.open("?still#/edit/program/web");
  await tryIt().click();
  await told().getByText("a second copy is never started").waitFor();
});

test("a channel is tested before it is saved, and a refusal is explained", async () => {
  page = await stage.open("?still#/new/channel");
  await page.getByRole("radiogroup").getByText("Webhook", { exact: true }).click();
  await page.locator("#f-called").fill("ops");
  await page.locator("#f-webhook").fill("https://chat.example/refused");
  await page.getByRole("button", { name: "Send a test" }).click();
  await told().getByText("404 Not Found").waitFor();
  await page.locator("#f-webhook").fill("https://chat.example/hook");
  await page.getByRole("button", { name: "Send a test" }).click();
  await told().getByText("accepted the message").waitFor();
});

test("a password that is only tried goes with the trial and is stored nowhere", async () => {
  page = await stage.open("?still#/settings");
  const mail = page.locator("section", { has: page.getByRole("heading", { name: "Email" }) });
  await mail.getByRole("button", { name: "Change" }).click();
  await mail.getByLabel("Password", { exact: true }).fill("hunter2");
  await mail.getByRole("button", { name: "Send a test" }).click();
  await told().getByText("accepted an email").waitFor();
  expect(await mock(({ tried }) => tried)).toEqual([{ of: { what: "channel", name: "email" }, secrets: ["smtp"] }]);
  expect(await mock(({ secrets }) => secrets())).toEqual({ smtp: "of the mail server" });
  expect(await page.content()).not.toContain("hunter2");
});

test("a trial can be used by everybody, wide and narrow, light and dark", async () => {
  page = await stage.open("?still#/new/program", { reducedMotion: "reduce" });
  await command().fill("npm run forever");
  await tryIt().click();
  await page.getByRole("log").getByText("loading configuration").waitFor();
  const looked = async () => {
    for (const [width, colorScheme] of [
      [1100, "light"],
      [700, "dark"],
      [550, "light"],
      [550, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 720 });
      await page.emulateMedia({ colorScheme });
      expect([...(await axe(page)), ...(await page.evaluate(wide)), ...(await page.evaluate(clipped))]).toEqual([]);
      expect(await page.evaluate(clobbered)).toEqual([]);
    }
  };
  await looked();
  await page.getByRole("button", { name: "Stop" }).click();
  await told().getByText("until you stopped it").waitFor();
  await command().fill("npm run other");
  await looked();
  await page.evaluate(() => (location.hash = "#/new/monitor"));
  await page.getByLabel("Address").fill("https://expired.example/");
  await tryIt().click();
  await told().getByText("expired on 2026-11-02").waitFor();
  await looked();
});

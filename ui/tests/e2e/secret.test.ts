import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { clipped, clobbered, staged, wide } from "./stage";

const stage = staged();
let page: Page;

interface Mock {
  secrets(): Record<string, string>;
  tables(): Record<string, unknown>;
}

/** What the backend has been given. */
const stored = () => page.evaluate(() => (globalThis as unknown as { mock: Mock }).mock.secrets());
const tables = () => page.evaluate(() => (globalThis as unknown as { mock: Mock }).mock.tables());
const mail = () => page.locator("section", { has: page.getByRole("heading", { name: "Email" }) });
const listed = (name: string) =>
  page
    .locator("section", { has: page.getByRole("heading", { name: "Stored secrets" }) })
    .locator("li", { has: page.getByText(name, { exact: true }) });
const password = () => mail().getByLabel("Password", { exact: true });

test("a password is entered where it is needed, is stored before the file names it, and never comes back", async () => {
  page = await stage.open("?still#/settings");
  await mail().getByText("Stored in Secret Service.").waitFor();
  await mail().getByRole("button", { name: "Change" }).click();
  await password().fill("hunter2");
  expect(await password().getAttribute("type")).toBe("password");
  await mail().getByRole("button", { name: "Show what is typed" }).click();
  expect(await password().getAttribute("type")).toBe("text");
  await mail().getByRole("button", { name: "Save" }).click();
  await page.getByText("The settings were saved").waitFor();
  expect(await stored()).toEqual({ smtp: "hunter2" });
  await mail().getByRole("button", { name: "Change" }).waitFor();
  expect(await page.content()).not.toContain("hunter2");
  expect(await tables()).toMatchObject({ email: { password: { keyring: "smtp" } } });
  const inputs = await page.locator("input").evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
  expect(inputs).not.toContain("hunter2");
});

test("what is typed and not saved is forgotten with the page, and the stored one stays", async () => {
  page = await stage.open("?still#/settings");
  await mail().getByRole("button", { name: "Change" }).click();
  await password().fill("hunter2");
  await page.evaluate(() => (location.hash = "#/incidents"));
  await page.getByRole("heading", { level: 1, name: "Incidents" }).waitFor();
  await page.evaluate(() => (location.hash = "#/settings"));
  await mail().getByText("Stored in Secret Service.").waitFor();
  expect(await page.content()).not.toContain("hunter2");
  expect(await stored()).toEqual({ smtp: "of the mail server" });
  await mail().getByRole("button", { name: "Change" }).click();
  await password().fill("hunter3");
  await mail().getByRole("button", { name: "Cancel" }).click();
  await mail().getByText("Stored in Secret Service.").waitFor();
  expect(await mail().getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
});

test("a monitor's password gets a name of its own, and other ways are there", async () => {
  page = await stage.open("?still&keyring=none#/edit/monitor/shop");
  await page.getByText("Advanced", { exact: true }).click();
  const row = page.locator(".row", { has: page.getByText("Password", { exact: true }) });
  await page.getByLabel("Username", { exact: true }).fill("me");
  await row.getByLabel("Password", { exact: true }).fill("hunter2");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "shop", exact: true }).waitFor();
  expect(await stored()).toMatchObject({ "monitor-shop-password": "hunter2" });
  await page.evaluate(() => (location.hash = "#/edit/monitor/shop"));
  await row.getByText("Stored in a file that only you can read").waitFor();
  await row.getByRole("button", { name: "Other ways" }).click();
  await row.getByRole("combobox").selectOption("env");
  await row.getByLabel("Password", { exact: true }).fill("SHOP_PASSWORD");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "shop", exact: true }).waitFor();
  const { monitor } = (await tables()) as { monitor: { name: string; password: unknown }[] };
  expect(monitor.find(({ name }) => name === "shop")?.password).toEqual({ env: "SHOP_PASSWORD" });
  await page.evaluate(() => (location.hash = "#/edit/monitor/shop"));
  await row.getByRole("button", { name: "Enter it here instead" }).click();
  expect(await row.locator("input").getAttribute("type")).toBe("password");
});

test("a variable that sounds like a secret is entered as one", async () => {
  page = await stage.open("?still#/edit/program/web");
  const env = page.getByRole("group", { name: "Environment variables" });
  await env.getByRole("button", { name: "Add" }).click();
  await env.getByLabel("Name", { exact: true }).last().fill("DB_PASSWORD");
  await env.getByLabel("Name", { exact: true }).last().press("Tab");
  await env.getByLabel("Secret", { exact: true }).fill("hunter2");
  await env.getByText("What is running gets new values at its next start.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/#\/program\/web$/);
  expect(await stored()).toMatchObject({ "program-web-DB_PASSWORD": "hunter2" });
  const { program } = (await tables()) as { program: { name: string; env: unknown }[] };
  expect(program[0]?.env).toMatchObject({
    NODE_ENV: "development",
    DB_PASSWORD: { keyring: "program-web-DB_PASSWORD" },
  });
});

test("the value of a header is entered as a secret, is kept when its monitor goes, and can be removed after that", async () => {
  page = await stage.open("?still#/edit/monitor/portfolio");
  await page.getByText("Advanced", { exact: true }).click();
  const headers = page.getByRole("group", { name: "Headers" });
  await headers.getByRole("button", { name: "Add" }).click();
  await headers.getByLabel("Name", { exact: true }).last().fill("X-Api-Key");
  await headers.getByLabel("Name", { exact: true }).last().press("Tab");
  const box = headers.getByLabel("Secret", { exact: true });
  await box.fill("hunter2");
  expect(await box.getAttribute("type")).toBe("password");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "portfolio", exact: true }).waitFor();
  expect(await stored()).toMatchObject({ "monitor-portfolio-X-Api-Key": "hunter2" });
  const { monitor } = (await tables()) as { monitor: { name: string; headers: unknown }[] };
  expect(monitor.find(({ name }) => name === "portfolio")?.headers).toMatchObject({
    "X-Api-Key": { keyring: "monitor-portfolio-X-Api-Key" },
  });

  await page.evaluate(() => (location.hash = "#/settings"));
  await listed("monitor-portfolio-X-Api-Key").getByRole("link", { name: "portfolio" }).click();
  await page.locator("footer").getByRole("button", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("stays stored").waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText("portfolio was removed").waitFor();
  expect(await stored()).toHaveProperty("monitor-portfolio-X-Api-Key");

  await page.evaluate(() => (location.hash = "#/settings"));
  await listed("monitor-portfolio-X-Api-Key").getByText("Not used").waitFor();
  await listed("monitor-portfolio-X-Api-Key").getByRole("button", { name: "Remove" }).click();
  await dialog.getByText("Nothing in the configuration file uses it.").waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText("monitor-portfolio-X-Api-Key was removed").waitFor();
  await listed("monitor-portfolio-X-Api-Key").waitFor({ state: "detached" });
  expect(await stored()).not.toHaveProperty("monitor-portfolio-X-Api-Key");
});

test("what is stored is listed with what uses it, and takes another value", async () => {
  page = await stage.open("?still#/settings");
  await listed("smtp").getByText("Secret Service").waitFor();
  await listed("smtp").getByRole("link", { name: "Email" }).waitFor();
  await listed("shop-admin").getByText("Not entered yet").waitFor();
  await listed("shop-admin").getByRole("button", { name: "Enter shop-admin…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Secret").fill("hunter2");
  await dialog.getByRole("button", { name: "Save" }).click();
  await listed("shop-admin").getByText("Secret Service").waitFor();
  await listed("smtp").getByRole("button", { name: "Replace smtp…" }).click();
  expect(await dialog.getByLabel("Secret").inputValue()).toBe("");
  await dialog.getByLabel("Secret").fill("hunter3");
  await dialog.getByLabel("Secret").press("Enter");
  await page.getByText("smtp was saved").waitFor();
  expect(await stored()).toEqual({ smtp: "hunter3", "shop-admin": "hunter2" });
  expect(await page.content()).not.toMatch(/hunter[23]/);
});

test("a keyring that takes nothing is told, and the file names no secret that is not there", async () => {
  page = await stage.open("?still&keyring=locked#/settings");
  const before = await tables();
  await mail().getByRole("button", { name: "Change" }).click();
  await password().fill("hunter2");
  await mail().getByRole("button", { name: "Save" }).click();
  await mail().getByText("the keyring does not respond").waitFor();
  expect(await tables()).toEqual(before);
  expect(await password().inputValue()).toBe("hunter2");
});

test("a box for a secret can be used by everybody, wide and narrow, light and dark", async () => {
  page = await stage.open("?still#/settings", { reducedMotion: "reduce" });
  await mail().getByRole("button", { name: "Change" }).click();
  await password().fill("hunter2");
  for (const [width, colorScheme] of [
    [1100, "light"],
    [550, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 720 });
    await page.emulateMedia({ colorScheme });
    expect([...(await axe(page)), ...(await page.evaluate(wide)), ...(await page.evaluate(clipped))]).toEqual([]);
  }
  expect(await page.evaluate(clobbered)).toEqual([]);
});

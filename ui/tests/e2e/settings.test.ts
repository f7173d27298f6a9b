import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();
let page: Page;

test("a file that takes everything away is put in force once one says that it is meant", async () => {
  page = await stage.open("?still&file=emptied#/settings");
  const meant = page.getByRole("button", { name: "This is intended" });
  const apply = page.getByRole("button", { name: "Apply the empty file" });
  await meant.click();
  await page.getByText("All programs will be stopped").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await meant.click();
  await apply.click();
  await page.getByText("The file is now in use").waitFor();
  await meant.waitFor({ state: "detached" });
});

test("settings keep what was typed when one leaves, saves another part, or the file is changed elsewhere", async () => {
  page = await stage.open("?still#/settings");
  const port = page.getByLabel("Port", { exact: true });
  await port.fill("2525");
  await page.getByText("Unsaved changes").first().waitFor();
  await page.getByRole("link", { name: /Incidents/ }).click();
  await page.getByRole("link", { name: /Settings.*Unsaved changes/ }).click();
  await expect.poll(() => port.inputValue()).toBe("2525");
  // Another part is saved.
  await page.getByLabel("Remind every", { exact: true }).fill("6h");
  const alerts = page.locator("form", { has: page.getByLabel("Remind every", { exact: true }) });
  await alerts.getByRole("button", { name: "Save" }).click();
  await page.getByText("The settings were saved").waitFor();
  expect([await port.inputValue(), await page.getByLabel("Remind every", { exact: true }).inputValue()]).toEqual([
    "2525",
    "6",
  ]);
  // The file is edited elsewhere: what was not typed follows it, what was is kept, and both are said.
  const elsewhere = (path: string[], value: unknown) =>
    page.evaluate(
      ([path, value]) => {
        const { mock } = globalThis as unknown as { mock: { edit(edits: unknown[]): void } };
        mock.edit([{ edit: "set", path, value }]);
        dispatchEvent(new Event("focus"));
      },
      [path, value] as const,
    );
  await elsewhere(["email", "server"], "mail.example.com");
  await expect.poll(() => page.getByLabel("Server", { exact: true }).inputValue()).toBe("mail.example.com");
  expect(await port.inputValue()).toBe("2525");
  await page.getByText("The file was changed elsewhere in the meantime.").waitFor();
  await elsewhere(["email", "port"], 465);
  await page.getByText("Now in the file: 465").waitFor();
  expect(await port.inputValue()).toBe("2525");
  const mail = page.locator("form", { has: port });
  await mail.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => page.getByText("Unsaved changes").count()).toBe(0);
  await port.fill("26");
  await mail.getByRole("button", { name: "Discard changes" }).click();
  expect(await port.inputValue()).toBe("2525");
});

test("e-mail is tested, and a refusal is explained", async () => {
  page = await stage.open("?still&mail=refused#/settings");
  await page.getByRole("button", { name: "Send a test: Email" }).click();
  await page.getByText("many providers want a password made for this app").waitFor();
});

test("settings of the desktop take effect at once, the language too", async () => {
  page = await stage.open("?still#/settings");
  await page.getByLabel("Language of window and tray").selectOption("es");
  await page.getByRole("heading", { level: 1, name: "Ajustes" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("es");
});

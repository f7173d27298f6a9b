import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();
let page: Page;

const rows = () => page.locator("[role=row][id]");

test("what is watched already is not watched twice", async () => {
  page = await stage.open("?still#/welcome");
  const item = (text: string) => page.locator("li", { hasText: text }).first();
  await item("node_modules/.bin/vite").getByRole("link", { name: "Watched as web port" }).waitFor();
  await item("postgres").getByRole("link", { name: "Watched as database" }).waitFor();
  expect(await item("postgres").getByRole("button").count()).toBe(0);
  const ssh = item("/usr/sbin/sshd");
  await ssh.getByRole("button", { name: "Watch" }).click();
  await ssh.getByRole("link", { name: "Watched as sshd 22" }).waitFor();
  await page.reload();
  await ssh.getByRole("button", { name: "Watch: sshd 22" }).click();
  await page.evaluate(() => (location.hash = "#/settings"));
  await page.evaluate(() => (location.hash = "#/welcome"));
  await ssh.getByRole("link", { name: "Watched as sshd 22" }).click();
  await page.getByRole("heading", { level: 1, name: "sshd 22", exact: true }).waitFor();
  await page.goBack();
  // A program is made of what is watched: its monitor heals it from now on, and there is no second one.
  const api = item("uvicorn");
  await api.getByRole("button", { name: "Watch: python3 8000" }).click();
  await api.getByRole("link", { name: "Watched as python3 8000" }).waitFor();
  // It can only be killed: that is said before it is adopted.
  const keep = api.getByRole("button", { name: "Keep running: python3 8000" });
  const dialog = page.getByRole("dialog");
  await keep.click();
  await dialog.getByText("neither a window nor a console").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await api.getByText("program python3").count()).toBe(0);
  await keep.click();
  await dialog.getByRole("button", { name: "Keep running" }).click();
  await api.getByText("program python3").waitFor();
  await page.getByLabel("Page, address, port or process").fill("https://SHOP.example/cart");
  await page.getByRole("link", { name: "Watched as shop" }).waitFor();
  await page.keyboard.press("Enter");
  await page.evaluate(() => (location.hash = "#/edit/monitor/python3%208000"));
  await page.getByLabel("Attempts").waitFor();
  await page.getByRole("link", { name: "Overview" }).first().click();
  await rows().first().waitFor();
  const names = await rows().locator("a").allTextContents();
  expect(
    names.filter((name) => name.startsWith("python3") || name.startsWith("sshd") || name.includes("shop.")),
  ).toEqual(["sshd 22", "python3 8000"]);
});

test("what listens is watched and kept alive by one click, and a pasted address too", async () => {
  page = await stage.open("?world=empty&still");
  const java = page.locator("li", { hasText: "minecraft" }).first();
  await java.getByRole("button", { name: "Keep running" }).click();
  await java.getByRole("link", { name: "Watched as java 25565" }).waitFor();
  await page.getByText("java is now kept running").waitFor();
  await page.getByText("1 other process of yours does not listen on a port").click();
  const worker = page.locator("li", { hasText: "worker.py" }).first();
  await worker.getByRole("button", { name: "Watch" }).click();
  await worker.getByRole("link", { name: "Watched as python3" }).waitFor();
  await page.getByLabel("Page, address, port or process").fill("example.com");
  await page.getByRole("button", { name: "Watch" }).first().click();
  await page.getByRole("heading", { level: 1, name: "example.com", exact: true }).waitFor();
  await page.getByRole("link", { name: "Overview" }).first().click();
  await rows().first().waitFor();
  await expect.poll(() => rows().locator("a").allTextContents()).toEqual(["java 25565", "python3", "example.com"]);
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByText("31007", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  expect(await page.getByLabel("Keep running").isChecked()).toBe(true);
});

test("what another tool's file says is added as far as one wants it", async () => {
  page = await stage.open("?world=empty&still");
  const file = { name: "Procfile", mimeType: "text/plain", buffer: Buffer.from("web: npm start\n") };
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByText("Procfile: 2 to add").waitFor();
  await page.getByText("release: it runs once").waitFor();
  await page.getByLabel("Program queue").uncheck();
  await page.getByRole("button", { name: "Add 1" }).click();
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByRole("heading", { level: 2, name: "web" }).waitFor();
  expect(await page.getByText("queue").count()).toBe(0);
});

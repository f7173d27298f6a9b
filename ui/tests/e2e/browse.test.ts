import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { whole } from "./pages/whole";
import { staged } from "./stage";

const stage = staged();
let page: Page;

interface Mock {
  wishes: { wanted: string; title: string; accept: string; cancel: string; near: string | null }[];
  choose(chosen: unknown): void;
  hear(heard: unknown): void;
  tables(): Record<string, unknown>;
}

const PACKAGE = JSON.stringify({ scripts: { build: "vite build", dev: "vite" } });

/** Has the next dialog end with this; with nothing it is closed. */
const chooses = (chosen: object | null) =>
  page.evaluate((chosen) => (globalThis as unknown as { mock: Mock }).mock.choose(chosen), chosen && file(chosen));
const hears = (heard: object) =>
  page.evaluate((heard) => (globalThis as unknown as { mock: Mock }).mock.hear(heard), heard);
const wishes = () => page.evaluate(() => (globalThis as unknown as { mock: Mock }).mock.wishes);
const file = (more: object) => ({ is_folder: false, is_program: false, package: null, ...more });
const box = (name: string) => page.getByRole("textbox", { name, exact: true });
const browse = (name: string) => page.getByRole("button", { name: `${name}: browse…`, exact: true }).click();

test("a script that is chosen proposes its command, its folder and its name", async () => {
  page = await stage.open("?still#/new/program");
  await browse("Command");
  await expect.poll(() => box("Command").inputValue()).toBe("python3 server.py");
  expect(await box("Folder").inputValue()).toBe("/home/isaac/codigos/shop");
  expect(await box("Name").inputValue()).toBe("server");
  const words = { accept: "Choose", cancel: "Cancel" };
  const asked = { wanted: "file", title: "Choose a program, script or package.json", ...words };
  expect(await wishes()).toEqual([{ ...asked, near: null }]);
  await browse("Command");
  await expect.poll(wishes).toEqual([
    { ...asked, near: null },
    { ...asked, near: "/home/isaac/codigos/shop" },
  ]);
});

test("a project that is chosen offers its scripts, and one of them is saved", async () => {
  page = await stage.open("?still#/new/program");
  await chooses({ path: "/srv/site/package.json", package: PACKAGE });
  await browse("Command");
  await expect.poll(() => box("Command").inputValue()).toBe("npm run dev");
  expect(await box("Name").inputValue()).toBe("site");
  const scripts = page.getByRole("radiogroup", { name: "Scripts of package.json" });
  await scripts.getByText("build").click();
  expect(await box("Command").inputValue()).toBe("npm run build");
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/#\/program\/build$/);
  const { program } = await page.evaluate(
    () => (globalThis as unknown as { mock: Mock }).mock.tables() as { program: { name: string }[] },
  );
  expect(program.at(-1)).toEqual({ name: "build", command: "npm run build", directory: "/srv/site" });
});

test("a folder is browsed for, and a dialog that is closed changes nothing", async () => {
  page = await stage.open("?still#/edit/program/web");
  await chooses(null);
  await browse("Folder");
  await expect.poll(wishes).toMatchObject([{ wanted: "folder", title: "Choose a folder", near: "~/web" }]);
  expect(await box("Folder").inputValue()).toBe("~/web");
  await chooses({ path: "/srv/web", is_folder: true });
  await browse("Folder");
  await expect.poll(() => box("Folder").inputValue()).toBe("/srv/web");
});

test("a file that keeps a secret is browsed for", async () => {
  page = await stage.open("?still#/settings");
  await page.getByRole("button", { name: "Other ways" }).first().click();
  await page.getByRole("combobox", { name: "Password: type" }).selectOption("file");
  await chooses({ path: "/home/isaac/smtp.secret" });
  await browse("Password");
  await expect.poll(() => page.getByLabel("Password", { exact: true }).inputValue()).toBe("/home/isaac/smtp.secret");
});

test("a program of Windows is watched by its path", async () => {
  page = await stage.open("?still&platform=windows#/new/monitor");
  await page.getByRole("radiogroup").getByText("Process", { exact: true }).click();
  await chooses({ path: "D:\\bin\\reloj.exe", is_program: true });
  await browse("Process");
  await expect.poll(() => box("Process").inputValue()).toBe("D:\\bin\\reloj.exe");
  expect(await page.getByRole("combobox", { name: "Process: type" }).inputValue()).toBe("path");
});

test("the command of a remedy and its folder are browsed for", async () => {
  page = await stage.open("?still#/edit/monitor/shop");
  await page.getByRole("combobox", { name: "When down: type" }).selectOption({ label: "run a command" });
  await chooses({ path: "/srv/shop/mend.py" });
  await browse("When down");
  await expect.poll(() => page.getByLabel("When down", { exact: true }).inputValue()).toBe("python3 mend.py");
  expect(await box("Folder").inputValue()).toBe("/srv/shop");
  await chooses({ path: "/srv/other", is_folder: true });
  await browse("Folder");
  await expect.poll(() => box("Folder").inputValue()).toBe("/srv/other");
  // What has a space in its name is no line for the shell.
  await chooses({ path: "/opt/my tool/up", is_program: true });
  await browse("When down");
  await expect.poll(() => page.getByLabel("When down", { exact: true }).inputValue()).toBe("/opt/my tool/up\n");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "shop", exact: true }).waitFor();
  const { monitor } = await page.evaluate(
    () => (globalThis as unknown as { mock: Mock }).mock.tables() as { monitor: Record<string, unknown>[] },
  );
  expect(monitor.find(({ name }) => name === "shop")?.on_down).toEqual({
    run: ["/opt/my tool/up"],
    directory: "/opt/my tool",
  });
});

test("what is dropped on a form is for its command, and on the programs a new one", async () => {
  page = await stage.open("?still#/new/program");
  await page.getByText("Or drop a file or folder here.").waitFor();
  await hears({ heard: "dragged", over: true });
  await page.getByText("Drop it to run it").waitFor();
  await hears({ heard: "dropped", chosen: file({ path: "/srv/a/reloj.jar" }) });
  await expect.poll(() => box("Command").inputValue()).toBe("java -jar reloj.jar");
  await page.getByText("Or drop a file or folder here.").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForURL(/#\/programs$/);
  await hears({ heard: "dropped", chosen: file({ path: "/srv/b", is_folder: true, package: PACKAGE }) });
  await page.getByRole("heading", { level: 1, name: "New program" }).waitFor();
  await expect.poll(() => box("Command").inputValue()).toBe("npm run dev");
  expect(await box("Folder").inputValue()).toBe("/srv/b");
});

test("the form of a program shows itself, whole and accessibly", () =>
  whole(stage, "#/new/program", "Or drop a file or folder here."));

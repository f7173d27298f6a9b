import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { staged } from "./stage";

const stage = staged();
let page: Page;

const runsAsService = () => page.getByLabel("Run as a service");

test("Estatus becomes a service once what is different for it was read, and is one no more once that is confirmed", async () => {
  page = await stage.open("?still#/settings");
  await page.getByText("Not installed").waitFor();
  await runsAsService().click();
  expect(await runsAsService().isChecked()).toBe(false);
  const dialog = page.getByRole("dialog");
  const first = dialog.getByRole("listitem").first();
  await first.getByText("which the service does not have").waitFor();
  await dialog.getByText("Estatus continues as a service of your own").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  await runsAsService().click();
  await dialog.getByRole("button", { name: "Install anyway" }).click();
  await page.getByText("Estatus now runs as a service").waitFor();
  await page.getByText("Running as isaac").waitFor();
  expect(await runsAsService().isChecked()).toBe(true);
  await runsAsService().click();
  await dialog.getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Estatus no longer runs as a service").waitFor();
  await page.getByText("Not installed").waitFor();
});

test("what is different for the service is told in the language of the page", async () => {
  page = await stage.open("?still&language=es#/settings");
  await page.getByLabel("Ejecutar como servicio").click();
  const first = page.getByRole("dialog").getByRole("listitem").first();
  await first.getByText("programa «queue»: su comando usa la variable QUEUE_URL").waitFor();
});

test("why no service could be installed stays to be read, and it can be tried again", async () => {
  page = await stage.open("?still&doctor=well&switch=failed#/settings");
  await runsAsService().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Nothing else changes").waitFor();
  await dialog.getByRole("button", { name: "Install" }).click();
  await dialog.getByRole("alert").getByText("loginctl enable-linger").waitFor();
  await expect.poll(() => dialog.getByRole("button", { name: "Install" }).isEnabled()).toBe(true);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Not installed").waitFor();
});

test("on Windows the one who is asked for an administrator may say no", async () => {
  page = await stage.open("?still&doctor=well&service=windows&switch=dismissed#/settings");
  await runsAsService().click();
  await page.getByRole("dialog").getByText("Windows asks for administrator rights").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Install" }).click();
  await page.getByRole("alert").getByText("The request was declined").waitFor();
});

test("a service whose engine does not answer can be switched off", async () => {
  page = await stage.open("?still&engine=lost&service=stopped#/");
  await page.getByText("Cannot connect to the engine").waitFor();
  await runsAsService().click();
  await page.getByRole("dialog").getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Estatus no longer runs as a service").waitFor();
  expect(await runsAsService().count()).toBe(0);
});

test("who may not switch the service off is told how it is, and why not", async () => {
  page = await stage.open("?still&service=others&may=steer#/settings");
  await page.getByText("Running as root").waitFor();
  await page.getByText("It runs as another user").waitFor();
  expect(await runsAsService().count()).toBe(0);
});

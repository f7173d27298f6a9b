import { expect, test } from "vitest";
import { axe } from "./axe";
import { saved, staged } from "./stage";

const stage = staged();

test("the report of a month is saved as a file", async () => {
  const page = await stage.open("?still#/incidents");
  await page.getByRole("button", { name: "Report…" }).click();
  const dialog = page.getByRole("dialog", { name: "Save a monthly report" });
  const months = await dialog.getByLabel("Month").locator("option").allTextContents();
  expect(months.length).toBe(13);
  expect(months[0]).toContain(String(new Date().getFullYear()));
  const last = await dialog.getByLabel("Month").locator("option").nth(1).getAttribute("value");
  await dialog.getByLabel("Month").selectOption({ index: 1 });
  await dialog.getByLabel("Format").selectOption("Spreadsheet of incidents (CSV)");
  expect(await axe(page)).toEqual([]);
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Save" }).click();
  const file = await download;
  expect(await saved(file)).toBe(`${last} as incidents_csv\n`);
  await page.getByText("Saved: ").first().waitFor();
  await dialog.waitFor({ state: "hidden" });
});

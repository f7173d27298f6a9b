import { backend } from "#backend";
import { expect, test, vi } from "vitest";
import type { ReportFormat } from "../../src/contract";
import { months, saveReport } from "../../src/state/report";

vi.stubGlobal("navigator", { language: "en" });

test("a table is saved so that a spreadsheet reads its letters, and a page as it is", async () => {
  const saved: string[] = [];
  vi.spyOn(backend, "request").mockResolvedValue({ reply: "report", of: { name: "estatus-2026-10", text: "ñandú" } });
  vi.spyOn(backend, "save").mockImplementation(async (name, pieces) => {
    for await (const piece of pieces) saved.push(piece);
    return name;
  });
  for (const format of ["html", "csv", "incidents_csv"] satisfies ReportFormat[])
    expect(await saveReport("2026-10", format)).toBe(true);
  expect(saved).toEqual(["ñandú", "\uFEFFñandú", "\uFEFFñandú"]);
});

test("the months of a year are offered, and the same month of the year before", () => {
  const known = months(new Date(2026, 0, 31, 12));
  expect([known[0], known[1], known.at(-1), known.length]).toEqual(["2026-01", "2025-12", "2025-01", 13]);
});

import "./speak";
import { expect, test, vi } from "vitest";
import { i18n } from "../../src/i18n/i18n.svelte";
import { mark, standsAs } from "../../src/state/programs";

vi.stubGlobal("navigator", { language: "en" });

test("a program that cannot be started is not said to be in a crash loop", () => {
  const next_start = "2026-11-21T22:17:00Z";
  const at = i18n.format.minute(next_start);
  expect(standsAs({ state: "cannot_start", next_start })).toBe(`cannot be started, next try ${at}`);
  expect(standsAs({ state: "cooling", next_start })).toBe(`crash loop, next try ${at}`);
  expect(standsAs({ state: "cannot_start", next_start: null })).toBe("cannot be started");
  expect(standsAs({ state: "running", next_start: null })).toBe("running");
  expect(mark("cannot_start")).toBe("down");
});

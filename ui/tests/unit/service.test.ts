import { expect, test } from "vitest";
import type { ServiceState, Switching } from "../../src/backend/backend";
import { maySwitch, obstacle } from "../../src/state/service.svelte";

const state = (installed: boolean, switching: Switching): ServiceState => ({
  installed,
  enabled: installed,
  running: installed,
  account: null,
  whose: "user",
  switching,
  keeps_programs: true,
});

test("who may edit may have a service installed, and one that is there is switched off by whoever the system lets", () => {
  const check = (installed: boolean, switching: Switching, mayEdit: boolean) =>
    maySwitch(state(installed, switching), mayEdit);
  for (const by of ["user", "administrator"] as const) {
    expect([check(false, { by }, true), check(false, { by }, false)], by).toEqual([true, false]);
    expect([check(true, { by }, true), check(true, { by }, false)], by).toEqual([true, true]);
  }
  expect(check(true, { by: "others" }, true)).toBe(false);
  expect(check(true, { by: "command", command: "x" }, true)).toBe(false);
});

test("what went wrong is told as it was said", () => {
  expect(obstacle({ ended: "done" })).toBeNull();
  expect(obstacle({ ended: "failed", why: "the disk is full" })).toBe("the disk is full");
});

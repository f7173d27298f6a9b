import { expect, test } from "vitest";
import type { ProgramChange, ProgramState } from "../../src/contract";
import { lived, starts } from "../../src/state/changes";

const MINUTE = 60_000;
const HOUR = { from: 0, to: 60 * MINUTE };

const at = (minute: number, to: ProgramState): ProgramChange => ({
  at: new Date(minute * MINUTE).toISOString(),
  to,
  why: null,
});

test("a part of a program's past is how it stood then, what wants attention first, and how often it was started", () => {
  const check = (changes: ProgramChange[], states: (ProgramState | null)[], begun: number[]) => {
    const past = lived(changes, HOUR, 4);
    expect(past.map((part) => part.state)).toEqual(states);
    expect(past.map((part) => part.starts)).toEqual(begun);
    expect(starts(past)).toBe(begun.reduce((sum, count) => sum + count, 0));
  };
  check([], [null, null, null, null], [0, 0, 0, 0]);
  check([at(-90, "running")], ["running", "running", "running", "running"], [0, 0, 0, 0]);
  check([at(-90, "starting"), at(20, "running")], ["starting", "running", "running", "running"], [0, 0, 0, 0]);
  check([at(16, "starting"), at(17, "running")], [null, "running", "running", "running"], [0, 1, 0, 0]);
  check(
    [at(0, "starting"), at(1, "running"), at(2, "backoff"), at(3, "starting"), at(4, "running"), at(50, "stopped")],
    ["backoff", "running", "running", "running"],
    [2, 0, 0, 0],
  );
  check([at(31, "cooling"), at(32, "running"), at(90, "starting")], [null, null, "cooling", "running"], [0, 0, 0, 0]);
});

test("parts follow one another without gaps", () => {
  const past = lived([], HOUR, 7);
  expect(past[0]?.from).toBe(HOUR.from);
  expect(past.at(-1)?.to).toBe(HOUR.to);
  for (const [index, part] of past.slice(1).entries()) expect(part.from).toBe(past[index]?.to);
});

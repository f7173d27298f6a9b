import { expect, test } from "vitest";
import type { InstanceStatus } from "../../src/contract";
import { Loads, SHOWN_MS } from "../../src/state/loads.svelte";

const says = (name: string, load: number | null) => ({ name, load }) as InstanceStatus;
const settled = () => new Promise((done) => setTimeout(done));

/** Loads whose instances are told one after the other, when the test says so. */
function told() {
  const sent: string[] = [];
  const open: { done: () => void; fail: (error: unknown) => void }[] = [];
  const failures: unknown[] = [];
  let now = 0;
  const loads = new Loads(
    (name, load) => {
      sent.push(`${name} ${load}`);
      return new Promise<void>((done, fail) => open.push({ done, fail }));
    },
    (error) => failures.push(error),
    () => now,
  );
  const answer = async () => {
    open.splice(0).forEach(({ done }) => done());
    await settled();
  };
  return { loads, sent, open, failures, answer, pass: (ms: number) => (now += ms) };
}

test("of the moves of a slider the newest is told, and one at a time", async () => {
  const { loads, sent, answer } = told();
  for (const load of [0.1, 0.2, 0.3, 0.4]) loads.set(["a"], load);
  expect(sent).toEqual(["a 0.1"]);
  await answer();
  expect(sent).toEqual(["a 0.1", "a 0.4"]);
  await answer();
  expect(sent).toHaveLength(2);
});

test("what was set is shown until the instance says the same, or for a while", async () => {
  const { loads, answer, pass } = told();
  loads.set(["a", "b"], 0.9);
  loads.settle([says("a", 0.9), says("b", 0.2)]);
  expect([loads.of("a"), loads.of("b"), loads.of("c")]).toEqual([0.9, 0.9, undefined]);
  await answer();
  loads.settle([says("a", Math.fround(0.9)), says("b", 0.2)]);
  expect([loads.of("a"), loads.of("b")]).toEqual([undefined, 0.9]);
  pass(SHOWN_MS + 1);
  loads.settle([says("b", 0.2)]);
  expect(loads.of("b")).toBeUndefined();
});

test("an instance that is gone is forgotten", () => {
  const { loads } = told();
  loads.set(["a"], 0.9);
  loads.settle([]);
  expect(loads.of("a")).toBeUndefined();
});

test("of many instances a few are told at once, and each", async () => {
  const { loads, sent, open, answer } = told();
  const names = Array.from({ length: 20 }, (_, index) => `web-${index}`);
  loads.set(names, 0.5);
  expect(open).toHaveLength(8);
  for (let round = 0; round < 3; round += 1) await answer();
  expect(sent).toEqual(names.map((name) => `${name} 0.5`));
});

test("what fails for one is said once, and the others are not tried", async () => {
  const { loads, sent, open, failures } = told();
  loads.set(
    Array.from({ length: 20 }, (_, index) => `web-${index}`),
    0.5,
  );
  open.splice(0).forEach(({ fail }) => fail("no such load"));
  await settled();
  expect(sent).toHaveLength(8);
  expect(failures).toEqual(["no such load"]);
  expect(loads.of("web-1")).toBeUndefined();
});

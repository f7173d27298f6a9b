import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LEAST_MS, Repeated } from "../../src/state/repeated";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A question that takes `takes` and is asked again a second after the answer; when it was asked. */
function asking(takes = 0) {
  const began = Date.now();
  const asked: number[] = [];
  let underWay = 0;
  const repeated = new Repeated(
    async () => {
      asked.push(Date.now() - began);
      underWay += 1;
      expect(underWay).toBe(1);
      await new Promise((done) => setTimeout(done, takes));
      underWay -= 1;
    },
    () => 1000,
  );
  return { repeated, asked };
}

test("it is asked at once, and again a while after each answer, until nobody wants to know", async () => {
  const { repeated, asked } = asking(100);
  const stop = repeated.start();
  await vi.advanceTimersByTimeAsync(2500);
  expect(asked).toEqual([0, 1100, 2200]);
  stop();
  await vi.advanceTimersByTimeAsync(5000);
  repeated.again();
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveLength(3);
});

test("what happens meanwhile is asked for right after the answer, once", async () => {
  const { repeated, asked } = asking(600);
  repeated.start();
  await vi.advanceTimersByTimeAsync(10);
  for (let times = 0; times < 5; times += 1) repeated.again();
  await vi.advanceTimersByTimeAsync(1300);
  expect(asked).toHaveLength(2);
  expect(asked[1]).toBeLessThan(610);
});

test("however much happens, questions keep their distance", async () => {
  const { repeated, asked } = asking();
  repeated.start();
  for (let ms = 0; ms < 1000; ms += 10) {
    repeated.again();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(asked.length).toBeGreaterThan(3);
  asked.slice(1).forEach((at, index) => expect(at - (asked[index] ?? 0)).toBeGreaterThanOrEqual(LEAST_MS));
});

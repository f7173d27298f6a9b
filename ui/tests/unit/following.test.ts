import { backend } from "#backend";
import { beforeEach, expect, test, vi } from "vitest";
import type { Reply, Request } from "../../src/contract";
import { following } from "../../src/state/following.svelte";
import { type Looked, StepLogs } from "../../src/state/steplogs.svelte";

const asked: Request[] = [];
beforeEach(() => {
  asked.length = 0;
  vi.spyOn(backend, "request").mockImplementation(async (request): Promise<Reply> => {
    asked.push(request);
    return request.request === "step_log" ? { reply: "log", of: [] } : { reply: "done" };
  });
});

const web = { program: "web" };
const build = { step: { run: 7, place: 2 } };
const settled = () => new Promise((done) => setTimeout(done));

test("one log is told at a time, and what programs use besides", async () => {
  following.use(true);
  await following.follow(web);
  expect(asked).toEqual([{ request: "follow", of: { log_of: "web", step: null, usage: true } }]);
  following.leave(web);
  following.use(false);
  await following.follow(build);
  expect(asked.slice(1)).toEqual([{ request: "follow", of: { log_of: null, step: build.step, usage: false } }]);
  expect(following.log).toBe(build);
});

test("who leaves a log that is followed no more takes nothing from the one that is", async () => {
  await following.follow(web);
  await following.follow(build);
  following.leave(web);
  await settled();
  expect([asked.length, following.log]).toEqual([2, build]);
  following.leave(build);
  await settled();
  expect(asked.at(-1)).toEqual({ request: "follow", of: { log_of: null, step: null, usage: false } });
});

test("of several steps one is followed, and the others are read once more when they are over", async () => {
  const logs = new StepLogs(7);
  const [left, followed] = [0, 1].map((place) => ({ place, goes: true, isFollowed: place === 1 })) as [Looked, Looked];
  const told = () =>
    asked.splice(0).map((request) => {
      if (request.request === "follow") return `follow ${request.of.step?.place ?? "nothing"}`;
      return request.request === "step_log" ? `read ${request.of.of.place}` : request.request;
    });
  const want = async (...looked: Looked[]) => {
    logs.want(looked);
    await settled();
    return told();
  };
  expect(await want(left, followed)).toEqual(["read 0", "follow 1", "read 1"]);
  expect(await want(left, followed)).toEqual([]);
  expect(await want({ ...left, goes: false }, followed)).toEqual(["read 0"]);
  expect(await want({ ...left, goes: false }, { ...followed, goes: false, isFollowed: false })).toEqual([]);
  expect(logs.of(1)?.isFollowed).toBe(true);
  expect(await want({ ...left, goes: false })).toEqual(["follow nothing"]);
  expect([logs.of(0)?.state, logs.of(1)]).toEqual(["read", undefined]);
});

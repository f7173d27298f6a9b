import { backend } from "#backend";
import type { Heard } from "../backend/backend";
import type { LogLine, TrialOf } from "../contract";
import type { Writer } from "./ask";
import { dropped } from "./chosen.svelte";
import { follow } from "./route.svelte";
import { TOGETHER_MS } from "./together";
import { fold, mayEdit, NOTHING, type World } from "./world";

let world = $state.raw<World>(NOTHING);
let queue: Heard[] = [];
let flushing: number | undefined;
let unsubscribe: (() => void) | undefined;
let listeners: Listener[] = [];
let warned: Warned[] = [];

type Listener = (source: Writer, lines: LogLine[]) => void;
type Warned = (of: TrialOf, unready: readonly string[]) => void;

/** The one place that components read how things are from. */
export const live = {
  get world() {
    return world;
  },
};

/** Begins to hear the engine; anew, if it did before. A lost engine is looked for by the backend itself. */
export function attach() {
  unsubscribe?.();
  unsubscribe = backend.subscribe(hear);
}

/** Tells `listener` what programs, steps and trials write, as far as that is followed. */
export function listen(listener: Listener): () => void {
  listeners = [...listeners, listener];
  return () => {
    listeners = listeners.filter((other) => other !== listener);
  };
}

/** Tells `listener` which programs are not ready after which one that is tried is started otherwise. */
export function listenForUnready(listener: Warned): () => void {
  warned = [...warned, listener];
  return () => {
    warned = warned.filter((other) => other !== listener);
  };
}

function hear(heard: Heard) {
  if (heard.heard === "open") return follow(heard.page);
  if (heard.heard === "dragged") return dropped.drag(heard.over);
  if (heard.heard === "dropped") return mayEdit(world) ? dropped.drop(heard.chosen) : undefined;
  if (heard.heard === "event" && heard.event.event === "log") {
    const { program, lines } = heard.event.of;
    return listeners.forEach((listener) => listener({ program }, lines));
  }
  if (heard.heard === "event" && heard.event.event === "step_log") {
    const { of, lines } = heard.event.of;
    return listeners.forEach((listener) => listener({ step: of }, lines));
  }
  if (heard.heard === "event" && heard.event.event === "trial_unready") {
    const { of, unready } = heard.event.of;
    return warned.forEach((listener) => listener(of, unready));
  }
  if (heard.heard === "event" && heard.event.event === "trial_log") {
    const { of, lines } = heard.event.of;
    return listeners.forEach((listener) => listener({ trial: of }, lines));
  }
  queue.push(heard);
  if (heard.heard === "event") flushing ??= window.setTimeout(flush, TOGETHER_MS);
  else flush();
}

function flush() {
  clearTimeout(flushing);
  flushing = undefined;
  const heard = queue;
  queue = [];
  world = fold(world, heard);
}

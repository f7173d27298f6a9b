import type { Component } from "svelte";

/** The pages, and parts of them, that are read when they are first gone to. The overview is there from the beginning. */
export const PAGES = {
  edit: () => import("../pages/edit/Edit.svelte"),
  fleet: () => import("../pages/fleets/Fleet.svelte"),
  fleets: () => import("../pages/fleets/Fleets.svelte"),
  flow: () => import("../pages/flows/Flow.svelte"),
  flows: () => import("../pages/flows/Flows.svelte"),
  incidents: () => import("../pages/incidents/Incidents.svelte"),
  monitor: () => import("../pages/monitor/Monitor.svelte"),
  plan: () => import("../pages/flows/Plan.svelte"),
  programs: () => import("../pages/programs/Programs.svelte"),
  run: () => import("../pages/flows/Run.svelte"),
  service: () => import("../pages/settings/Service.svelte"),
  settings: () => import("../pages/settings/Settings.svelte"),
  welcome: () => import("../pages/welcome/Welcome.svelte"),
} as const;

export type Load<Props extends Record<string, unknown>> = () => Promise<{ default: Component<Props> }>;

const read = new Map<unknown, unknown>();

/** The page that `load` brings, if it was read before. */
export const known = <Props extends Record<string, unknown>>(load: Load<Props>): Component<Props> | undefined =>
  read.get(load) as Component<Props> | undefined;

/** Reads the page that `load` brings. */
export async function bring<Props extends Record<string, unknown>>(load: Load<Props>): Promise<Component<Props>> {
  const page = (await load()).default;
  read.set(load, page);
  return page;
}

/** Reads all pages, one after the other while there is nothing else to do, so that each is there before it is gone to. */
export async function bringAll() {
  for (const load of Object.values(PAGES)) {
    await idle();
    await bring(load as Load<Record<string, unknown>>);
  }
}

/** How long a web view that cannot say so is taken to be busy, in milliseconds. */
const BUSY_MS = 60;

const idle = (): Promise<unknown> =>
  new Promise((done) =>
    typeof requestIdleCallback === "function" ? requestIdleCallback(done) : setTimeout(done, BUSY_MS),
  );

import type { Table, Tables } from "../file";
import { in_, type Planned, type Planning } from "./plans";

/** The flows of the made-up world as they stand in its file. */
export const FLOWS: Record<string, Table> = {
  "release the shop": {
    overlap: "queue",
    deadline: "1h",
    step: [
      { name: "fetch", run: "git fetch --tags", directory: "~/shop" },
      { name: "install", run: ["npm", "ci"], directory: "~/shop" },
      { name: "build", run: "npm run build", needs: "install" },
      { name: "test", run: "npm test", needs: ["install"], timeout: "20m" },
      {
        name: "publish the image",
        run: "docker push registry.example/shop:4.2.1",
        needs: "install",
        retry: { times: 5, wait: "10s", on: ["exit 75", "timeout"] },
        undo: "docker rmi registry.example/shop:4.2.1",
      },
      { name: "restart", restart: "web", needs: ["build", "test", "publish the image"] },
      { name: "answers again", wait_until: "web port", within: "1m" },
      { name: "tidy up", run: "rm -rf ./build-4.2.1", needs: ["answers again"], always: true },
    ],
  },
  "heal the shop": {
    budget: { runs: 3, within: "1h" },
    channels: ["email", "chat"],
    step: [
      { name: "is it really down", check: "shop" },
      {
        name: "clear the cache",
        run: "npm cache clean --force",
        when: { failed: "is it really down" },
        retry: 3,
        new_in_the_next_version: { deep: [1, 2] },
      },
      { name: "migrate the database", run: "npm run migrate", env: { PGPASSWORD: { keyring: "shop" } } },
      { name: "restart", restart: "web" },
      { name: "answers again", wait_until: "shop", on_failure: { flow: "release the shop" } },
    ],
  },
  "nightly backup": {
    every: "0 4 * * *",
    step: [
      { name: "dump", run: "pg_dump --format=custom shop" },
      { name: "upload", run: "rclone copy shop.dump backup:shop" },
      { name: "prune", run: "rclone delete --min-age 30d backup:shop", on_failure: "continue" },
    ],
  },
  "switch the database": {
    overlap: "queue",
    step: [
      { name: "back up", run: "./backup.sh --to /srv/backup" },
      { name: "copy the data", run: "./copy.sh --to replica-2", undo: "./drop.sh replica-2", directory: "/srv/shop" },
      { name: "stop the worker", stop: "worker", undo: "estatus start worker" },
      {
        name: "go ahead",
        approve: '{{ steps["copy the data"].output }}. Switch the shop to replica-2?',
        within: "30m",
        channels: ["email", "chat"],
      },
      {
        name: "switch",
        http: "https://shop.example/admin/database",
        method: "POST",
        body: '{ "to": "replica-2" }',
        bearer: { keyring: "shop-admin" },
        accept: [200, "202-204"],
        save: "database.host",
        after_crash: { check: "shop" },
      },
      { name: "back up again", flow: "nightly backup" },
      { name: "tell the team", tell: "The shop runs on {{ steps.switch.output }}", channels: "chat" },
      {
        name: "say there is no copy",
        tell: "The database was not switched: there is no copy",
        channels: ["email"],
        needs: "back up",
        when: { failed: "back up" },
      },
    ],
  },
  "move to the new disk": {
    enabled: false,
    step: [
      { name: "stop", stop: "web" },
      { name: "move", run: "./move-to-the-new-disk.sh", directory: "/srv/shop" },
      { name: "start", start: "web" },
    ],
  },
};

const KINDS = "run http restart start stop check wait_until wait tell approve flow".split(" ");

const listed = (value: unknown): Table[] => (Array.isArray(value) ? (value as Table[]) : []);
const many = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String));

/** How the flow `name` goes here that is written as `table`; a step that was there before takes as long as it did. */
export function planOf(name: string, table: Table, before: Planning | undefined): Planning {
  const steps = listed(table.step);
  const places = new Map(steps.map((step, place) => [step.name, place]));
  const next = before?.next ?? (() => in_(3600));
  return {
    name,
    enabled: table.enabled !== false,
    ...(table.every === undefined ? {} : { next }),
    steps: steps.map((step): Planned => {
      const { needs: _, ...known } = before?.steps.find((other) => other.name === step.name) ?? { ticks: 2 };
      const needs = many(step.needs).flatMap((name) => places.get(name) ?? []);
      return {
        ...known,
        name: String(step.name),
        does: does(step),
        ...(step.needs === undefined ? {} : { needs }),
        always: step.always === true,
      };
    }),
  };
}

function does(step: Table): string {
  const kind = KINDS.find((kind) => kind in step) ?? "run";
  const said = [step[kind]].flat().join(" ");
  switch (kind) {
    case "wait_until":
      return `wait until ${said} is up, for ${String(step.within ?? "1m")} at most`;
    case "http":
      return `${String(step.method ?? "GET")} ${said}`;
    case "tell":
      return `send a message to ${many(step.channels).join(", ")}`;
    case "approve":
      return `ask for approval, for up to ${String(step.within ?? "24h")}`;
    case "flow":
      return `run the flow ${said}`;
    default:
      return `${kind} ${said}`;
  }
}

/** Says what is wrong with the flows of `tables`: some of what the engine would find. */
export function flowProblems(
  tables: Tables,
  problem: (path: string[], message: string) => void,
  span: (path: string[], value: unknown) => void,
) {
  const flows = (tables.flow ?? {}) as Record<string, Table>;
  const named = (section: string) => listed(tables[section]).map((table) => table.name);
  const there: Record<string, unknown[]> = {
    monitor: named("monitor"),
    program: named("program"),
    flow: Object.keys(flows),
  };
  const exists = (path: string[], what: string, name: unknown) => {
    if (!there[what]?.includes(name)) problem(path, `there is no ${what} "${String(name)}"`);
  };
  for (const [name, flow] of Object.entries(flows)) {
    const path = ["flow", name];
    if (name === "") problem(path, "a name must not be empty");
    const steps = listed(flow.step);
    if (steps.length === 0) problem([...path, "step"], "a flow needs at least one step");
    if (flow.every !== undefined && String(flow.every).trim().split(/\s+/).length !== 5)
      span([...path, "every"], flow.every);
    if (flow.deadline !== undefined) span([...path, "deadline"], flow.deadline);
    steps.forEach((step, place) => ofStep(step, place, [...path, "step", String(place)]));

    function ofStep(step: Table, place: number, path: string[]) {
      if (!step.name) problem([...path, "name"], "a name must not be empty");
      else if (steps.findIndex((other) => other.name === step.name) < place)
        problem([...path, "name"], `there is a step "${String(step.name)}" already`);
      const kinds = KINDS.filter((kind) => kind in step);
      if (kinds.length === 0) problem(path, `needs one of ${KINDS.join(", ")}`);
      for (const kind of kinds) if (step[kind] === "") problem([...path, kind], `\`${kind}\` must not be empty`);
      for (const key of ["check", "wait_until"]) if (step[key]) exists([...path, key], "monitor", step[key]);
      for (const key of ["restart", "start", "stop"]) if (step[key]) exists([...path, key], "program", step[key]);
      if (step.flow) exists([...path, "flow"], "flow", step.flow);
      const failure = step.on_failure as Table | undefined;
      if (typeof failure === "object") exists([...path, "on_failure", "flow"], "flow", failure.flow);
      for (const key of ["timeout", "within", "wait"]) if (step[key]) span([...path, key], step[key]);
      const is = (name: string, at: string[], most: number) => {
        const found = steps.findIndex((other) => other.name === name);
        if (found < 0) problem(at, `there is no step "${name}"`);
        else if (found >= most) problem(at, `step "${name}" does not stand above this one`);
      };
      for (const name of many(step.needs)) is(name, [...path, "needs"], steps.length);
      for (const [key, names] of Object.entries((step.when ?? {}) as Table))
        for (const name of many(names)) is(name, [...path, "when", key], place);
    }
  }
}

import type { Heard } from "../backend/backend";
import type {
  EngineState,
  Event,
  FleetSummary,
  FlowStatus,
  Hello,
  Host,
  IncidentId,
  IncidentState,
  MonitorState,
  Permission,
  ProgramStatus,
  RunId,
  RunSummary,
  StepStatus,
  Usage,
} from "../contract";
import { isOver } from "./flows";

/** How things are, as far as this window has heard. It is never changed, only replaced. */
export interface World {
  /** Whether the engine is heard just now, has not been heard yet, or was lost. */
  link: "waiting" | "live" | "lost";
  /** Why the engine was lost. */
  why: string | null;
  version: string | null;
  host: Host | null;
  /** What the engine lets this window do; nothing until it has said. */
  permission: Permission | null;
  /** In the order of the configuration. */
  monitors: ReadonlyMap<string, MonitorState>;
  programs: ReadonlyMap<string, ProgramStatus>;
  flows: ReadonlyMap<string, FlowStatus>;
  fleets: ReadonlyMap<string, FleetSummary>;
  /** The runs of flows that were heard of: those that go on, and the last ones that are over. */
  runs: ReadonlyMap<RunId, RunSummary>;
  /** What was heard of the steps of runs, by their places. */
  steps: ReadonlyMap<RunId, ReadonlyMap<number, StepStatus>>;
  /** The open ones. */
  incidents: ReadonlyMap<IncidentId, IncidentState>;
  /** How often an incident was closed, or told of when it was; what shows closed ones asks again when it changes. */
  closings: number;
  engine: EngineState;
  usage: ReadonlyMap<string, UsageTrail>;
}

/** What a program has used lately, the newest last. */
export interface UsageTrail {
  now: Usage;
  memory: readonly number[];
  cpu: readonly number[];
}

/** So many runs that are over are remembered, and so many of them with what was heard of their steps. */
export const RUNS_MAX = 400;
export const STEPS_MAX = 40;

/** So many figures of usage are remembered of a program. */
export const TRAIL_MAX = 90;

const QUIET: EngineState = {
  network_off: [],
  snoozed_until: null,
  store_trouble: null,
  config_refused: null,
  config_emptied: false,
  waiting: [],
  language: "en",
  platform: "linux",
};

export const NOTHING: World = {
  link: "waiting",
  why: null,
  version: null,
  host: null,
  permission: null,
  monitors: new Map(),
  programs: new Map(),
  flows: new Map(),
  fleets: new Map(),
  runs: new Map(),
  steps: new Map(),
  incidents: new Map(),
  closings: 0,
  engine: QUIET,
  usage: new Map(),
};

/** Whether this window may see and change the configuration. */
export const mayEdit = (world: World): boolean => world.permission === "edit";

/** The world after all of `heard`, in order. */
export function fold(world: World, heard: readonly Heard[]): World {
  const draft = new Draft(world);
  for (const one of heard) draft.hear(one);
  return draft.world;
}

/** A world in the making, whose maps are copied once, when they first change. */
class Draft {
  private own = new Set<keyof World>();

  constructor(public world: World) {
    this.world = { ...world };
  }

  hear(heard: Heard) {
    if (heard.heard === "hello") this.greet(heard.hello);
    else if (heard.heard === "lost") Object.assign(this.world, { link: "lost", why: heard.why });
    else if (heard.heard === "event") this.happen(heard.event);
  }

  private greet({ version, host, permission, snapshot }: Hello) {
    this.own.clear();
    this.world = {
      link: "live",
      why: null,
      version,
      host,
      permission,
      monitors: new Map(snapshot.monitors.map((monitor) => [monitor.name, monitor])),
      programs: new Map(snapshot.programs.map((program) => [program.name, program])),
      flows: new Map(snapshot.flows.map((flow) => [flow.name, flow])),
      fleets: new Map(snapshot.fleets.map((fleet) => [fleet.name, fleet])),
      runs: new Map(snapshot.flows.flatMap(({ run }) => (run ? [[run.run, run]] : []))),
      steps: new Map(),
      incidents: new Map(snapshot.incidents.map((incident) => [incident.id, incident])),
      closings: this.world.closings + 1,
      engine: snapshot.engine,
      usage: new Map(),
    };
  }

  private happen(event: Event) {
    switch (event.event) {
      case "monitor":
        return void this.map("monitors").set(event.of.name, event.of);
      case "monitor_gone":
        return void this.map("monitors").delete(event.of);
      case "program":
        return void this.map("programs").set(event.of.name, event.of);
      case "program_gone":
        return void this.map("programs").delete(event.of);
      case "flow":
        return void this.map("flows").set(event.of.name, event.of);
      case "flow_gone":
        return void this.map("flows").delete(event.of);
      case "fleet":
        return void this.map("fleets").set(event.of.name, event.of);
      case "fleet_gone":
        return void this.map("fleets").delete(event.of);
      case "run":
        return this.run(event.of);
      case "step":
        return this.step(event.of);
      case "incident":
        return void this.map("incidents").set(event.of.id, event.of);
      case "incident_closed": {
        this.map("incidents").delete(event.of.incident);
        this.world.closings += 1;
        return;
      }
      case "told": {
        const open = this.world.incidents.get(event.of.incident);
        if (open) this.map("incidents").set(open.id, { ...open, alerts: event.of.alerts });
        else this.world.closings += 1;
        return;
      }
      case "engine":
        this.world.engine = event.of;
        return;
      case "usage":
        return this.use(event.of);
      case "log":
      case "step_log":
      case "trial_unready":
      case "trial_log":
      // Whoever is started again opens its window again.
      case "relaunching":
        return;
    }
  }

  private run(run: RunSummary) {
    const runs = this.map("runs").set(run.run, run);
    if (isOver(run.state)) forget(runs, RUNS_MAX, ({ state }) => isOver(state));
  }

  private step({ run, place, step }: Extract<Event, { event: "step" }>["of"]) {
    const steps = this.map("steps");
    if (!steps.has(run))
      forget(steps, STEPS_MAX - 1, (_, run) => isOver(this.world.runs.get(run)?.state ?? "succeeded"));
    steps.set(run, new Map(steps.get(run)).set(place, step));
  }

  private use(usages: Usage[]) {
    const before = this.world.usage;
    this.world.usage = new Map(usages.map((now) => [now.program, trail(before.get(now.program), now)]));
  }

  /** The map under `key`, to be changed. */
  private map<K extends Mapped>(key: K): Mutable<World[K]> {
    if (!this.own.has(key)) {
      this.own.add(key);
      this.world = { ...this.world, [key]: new Map(this.world[key] as ReadonlyMap<unknown, unknown>) };
    }
    return this.world[key] as Mutable<World[K]>;
  }
}

/** Takes the oldest away until there are `most`, of those that may be taken. */
function forget<Key, Value>(map: Map<Key, Value>, most: number, mayGo: (value: Value, key: Key) => boolean) {
  for (const [key, value] of map) {
    if (map.size <= most) return;
    if (mayGo(value, key)) map.delete(key);
  }
}

/** The maps that events change, entry by entry. */
type Mapped = "monitors" | "programs" | "flows" | "fleets" | "runs" | "steps" | "incidents";

type Mutable<M> = M extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never;

function trail(before: UsageTrail | undefined, now: Usage): UsageTrail {
  const longer = (figures: readonly number[], figure: number | null | undefined) =>
    figure == null ? figures : [...figures, figure].slice(-TRAIL_MAX);
  return { now, memory: longer(before?.memory ?? [], now.memory), cpu: longer(before?.cpu ?? [], now.cpu) };
}

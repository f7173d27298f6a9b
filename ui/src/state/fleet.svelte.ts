import type { DecisionStatus, FleetSample, FleetStatus, FleetSummary } from "../contract";
import { Answer } from "./answer.svelte";
import { askDecisions, askFleet, askFleetHistory, askSetLoad, reason } from "./ask";
import { Bounded } from "./bounded";
import { askEvery, COURSES, joined, remember, type Sample } from "./fleets";
import { Loads } from "./loads.svelte";
import { Repeated } from "./repeated";
import { tell } from "./told.svelte";

/** Of so many fleets it is remembered how they were while they were looked at. */
const REMEMBERED = 20;

/** It outlives the page: whoever comes back finds the lines that were drawn. */
const courses = new Bounded<string, readonly Sample[]>(REMEMBERED);

/** A fleet that is looked at. */
export class FleetWatch {
  readonly status = new Answer<FleetStatus>();
  readonly decisions = new Answer<DecisionStatus[]>();
  readonly loads: Loads;
  /** What the engine remembers of the last day. */
  private readonly past = new Answer<FleetSample[]>();
  private seen = $state.raw<readonly Sample[]>([]);
  /** How it stood, as far as anybody knows. */
  readonly samples = $derived(joined(this.past.value ?? [], this.seen));
  private readonly asking: Repeated;

  constructor(readonly name: string) {
    this.seen = courses.get(name) ?? [];
    this.loads = new Loads(
      (instance, load) => askSetLoad(name, instance, load),
      (error) => tell(reason(error), true),
    );
    this.asking = new Repeated(
      () => this.ask(),
      () => askEvery(this.status.value ?? { heartbeat: 5 }),
    );
  }

  /** Looks from now on, until the returned function is called. What nobody can see is not asked for. */
  start(): () => void {
    const stop = this.asking.start();
    void this.past.ask(() => askFleetHistory(this.name, new Date(Date.now() - COURSES.day)));
    const shown = () => document.hidden || this.asking.again();
    document.addEventListener("visibilitychange", shown);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", shown);
    };
  }

  /** The fleet was told of. */
  heard(fleet: FleetSummary) {
    this.note(fleet);
    this.asking.again();
  }

  /** Asks for the newest `limit` decisions. */
  askDecisions(limit: number) {
    void this.decisions.ask(() => askDecisions(this.name, limit));
  }

  private async ask() {
    if (document.hidden) return;
    const before = this.status.value;
    await this.status.ask(() => askFleet(this.name));
    const now = this.status.value;
    if (now === undefined || now === before) return;
    this.note(now);
    this.loads.settle(now.instances);
  }

  private note(fleet: FleetSummary) {
    this.seen = remember(this.seen, fleet, Date.now());
    courses.set(this.name, this.seen);
  }
}

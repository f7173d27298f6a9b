import { backend } from "#backend";
import type {
  Adoptable,
  ApiError,
  Ask,
  ConfigProblem,
  Configuration,
  DecisionStatus,
  Document,
  Edit,
  Edited,
  ErrorCode,
  FleetReplay,
  FleetSample,
  FleetStatus,
  FlowPlan,
  History,
  Imported,
  IncidentState,
  Surveyed,
  LogFrom,
  LogLine,
  LogPage,
  LogStream,
  OtherRule,
  ProcessId,
  ProgramChange,
  Repeat,
  ReportFormat,
  ReportMonth,
  Reply,
  Request,
  RunId,
  RunStatus,
  RunSummary,
  SecretState,
  Section,
  Status,
  StepOf,
  StoredIn,
  TrialOf,
  Tried,
  TypedSecret,
  Uptime,
  UsageHistory,
  UsedBy,
  Version,
  VersionText,
} from "../contract";
import type { Stretch } from "./range";

/** Whose log it is: that of a program, or of a step of a run. */
export type Source = { program: string } | { step: StepOf };

/** What is looked for in a log: a text, or all lines; of one stream, or of both. */
export interface LogWish {
  text: string;
  stream: LogStream | null;
}

/** Who writes what is told. */
export type Writer = Source | { trial: TrialOf };

type Answer<R extends Reply["reply"]> = Extract<Reply, { reply: R }> extends { of: infer Of } ? Of : void;

/** Asks for something whose answer is a `reply`. Rejects with an `ApiError`. */
async function ask<R extends Reply["reply"]>(request: Request, reply: R): Promise<Answer<R>> {
  const answer = await backend.request(request);
  if (answer.reply !== reply) {
    throw { code: "failed", message: `asked for ${reply}, got ${answer.reply}` } satisfies ApiError;
  }
  return ("of" in answer ? answer.of : undefined) as Answer<R>;
}

export const askStatus = (): Promise<Status> => ask({ request: "status" }, "status");

export const askHistory = (monitor: string, from: Date, to: Date, points: number): Promise<History> =>
  ask({ request: "history", of: { monitor, from: from.toISOString(), to: to.toISOString(), points } }, "history");

export const askReport = (month: ReportMonth, format: ReportFormat): Promise<Document> =>
  ask({ request: "report", of: { month, tags: [], format } }, "report");

export const askUptime = (monitor: string): Promise<Uptime> => ask({ request: "uptime", of: { monitor } }, "uptime");

export const askIncidents = (of: { monitor?: string; since?: Date; limit: number }): Promise<IncidentState[]> => {
  const { monitor = null, since, limit } = of;
  return ask({ request: "incidents", of: { monitor, since: since?.toISOString() ?? null, limit } }, "incidents");
};

export const askDo = (of: Ask): Promise<void> => ask({ request: "do", of }, "done");

/** Launches one more instance of `fleet`, and tells what it is called. */
export const askLaunch = (fleet: string): Promise<string> =>
  ask({ request: "do", of: { ask: "add_instance", fleet } }, "launched");

export const askConfiguration = (): Promise<Configuration> => ask({ request: "configuration" }, "configuration");

export const askEdit = (edits: Edit[], save: boolean): Promise<Edited> =>
  ask({ request: "edit", of: { edits, save } }, "edited");

/** The last versions of the file, the newest first. */
export const askVersions = (): Promise<Version[]> => ask({ request: "versions" }, "versions");

/** What stands in a version, and what putting it back would change. */
export const askVersion = (id: number): Promise<VersionText> => ask({ request: "version", of: { id } }, "version");

export const askPutBack = (id: number): Promise<Edited> => ask({ request: "put_back", of: { id } }, "edited");

/** Takes back what the version `id` changed. */
export const askUndo = (id: number): Promise<Edited> => ask({ request: "undo", of: { id } }, "edited");

/** An entry of the file as it is written there. */
export const askEntryText = (section: Section, name: string): Promise<string> =>
  ask({ request: "entry_text", of: { section, name } }, "entry_text");

/** Puts the file in force as it stands, though it takes everything away. */
export const askApply = (): Promise<void> => ask({ request: "apply" }, "done");

/** Tries what `edits` would save, with `secrets` that are not stored: how that went, or what is wrong with the file as it would be. */
export async function askTry(edits: Edit[], of: TrialOf, secrets: TypedSecret[]): Promise<Tried | ConfigProblem[]> {
  const answer = await backend.request({ request: "try", of: { edits, of, secrets } });
  if (answer.reply === "tried") return answer.of;
  if (answer.reply === "edited") return answer.of.problems;
  throw { code: "failed", message: `asked for tried, got ${answer.reply}` } satisfies ApiError;
}

export const askEndTrial = (of: TrialOf): Promise<void> => ask({ request: "end_trial", of: { of } }, "done");

/** Whether these secrets are stored, or all that are named or stored, and where; never what they are. */
export const askSecrets = (names: string[] | null): Promise<SecretState[]> =>
  ask({ request: "secrets", of: { names } }, "secrets");

export const askRemoveSecret = (name: string): Promise<void> => ask({ request: "remove_secret", of: { name } }, "done");

/** Stores a secret; answers with where it is. */
export const askStoreSecret = (name: string, value: string): Promise<StoredIn> =>
  ask({ request: "store_secret", of: { name, value } }, "secret_stored");

/** How `process` would be as that of a program; an error if it cannot become one. */
export const askAdoptable = (process: ProcessId): Promise<Adoptable> =>
  ask({ request: "adoptable", of: { process } }, "adoptable");

export const askSurvey = (): Promise<Surveyed[]> => ask({ request: "survey" }, "survey");

export const askImport = (name: string, content: string): Promise<Imported> =>
  ask({ request: "import", of: { name, content } }, "imported");

/** Lines of the log of `program`, at most `limit`; perhaps fewer, even none, where there is a rest. */
export const askReadLog = (program: string, from: LogFrom, wish: LogWish, limit: number): Promise<LogPage> =>
  ask({ request: "read_log", of: { program, from, ...wish, limit } }, "log_page");

/** How `program` stood since `since`, the newest changes only if they are very many. */
export const askProgramHistory = (program: string, since: Date): Promise<ProgramChange[]> =>
  ask({ request: "program_history", of: { program, since: since.toISOString(), limit: 10_000 } }, "program_history");

/** What `by` used in `stretch`, in about so many pieces. */
export const askUsage = (by: UsedBy, { from, to }: Stretch, points: number): Promise<UsageHistory> =>
  ask(
    { request: "usage", of: { by, from: new Date(from).toISOString(), to: new Date(to).toISOString(), points } },
    "usage",
  );

/** Begins a run of `flow`, or puts it in the queue. */
export const askRunFlow = (flow: string): Promise<RunId> =>
  ask({ request: "do", of: { ask: "run_flow", flow } }, "begun");

/** The newest runs of `flow`, the newest first. */
export const askRuns = (flow: string, limit: number): Promise<RunSummary[]> =>
  ask({ request: "runs", of: { flow, limit } }, "runs");

/** The newest runs of every flow, flow by flow, the newest first. */
export const askLastRuns = (limit: number): Promise<RunSummary[]> =>
  ask({ request: "last_runs", of: { limit } }, "runs");

export const askRun = (run: RunId): Promise<RunStatus> => ask({ request: "run", of: { run } }, "run");

/** Repeats a run that is over, or puts that in the queue. */
export const askRepeat = (run: RunId, how: Repeat): Promise<RunId> =>
  ask({ request: "repeat", of: { run, how } }, "begun");

/** What a run of `flow` would do. */
export const askPlan = (flow: string): Promise<FlowPlan> => ask({ request: "plan", of: { flow } }, "plan");

/** A fleet with its instances. */
export const askFleet = (fleet: string): Promise<FleetStatus> => ask({ request: "fleet", of: { fleet } }, "fleet");

/** What was decided of `fleet`, the newest first. */
export const askDecisions = (fleet: string, limit: number): Promise<DecisionStatus[]> =>
  ask({ request: "decisions", of: { fleet, limit } }, "decisions");

/** How `fleet` stood, minute by minute, since `since`. */
export const askFleetHistory = (fleet: string, since: Date): Promise<FleetSample[]> =>
  ask({ request: "fleet_history", of: { fleet, since: since.toISOString() } }, "fleet_history");

/** What another rule would have done with the load that `fleet` had since `since`. */
export const askReplay = (fleet: string, other: OtherRule, since: Date): Promise<FleetReplay> =>
  ask({ request: "replay", of: { fleet, other, since: since.toISOString() } }, "replay");

/** Sets the load of an instance whose agent has it set by hand, from 0 to 1. */
export const askSetLoad = (fleet: string, instance: string, load: number): Promise<void> =>
  ask({ request: "set_load", of: { fleet, instance, load } }, "done");

export const askStepLog = (of: StepOf, lines: number): Promise<LogLine[]> =>
  ask({ request: "step_log", of: { of, lines } }, "log");

/** Has the log of a program or of a step be told from now on, and what programs use. */
export const askFollow = (log: Source | null, usage: boolean): Promise<void> => {
  const log_of = log && "program" in log ? log.program : null;
  const step = log && "step" in log ? log.step : null;
  return ask({ request: "follow", of: { log_of, step, usage } }, "done");
};

/** Whether `error` says that what was to be undone has been changed again since. */
export const isOvertaken = (error: unknown): boolean => codeOf(error) === ("overtaken" satisfies ErrorCode);

/** Whether `error` says that what was asked for cannot be: asked once more it is refused once more. */
export const isWrong = (error: unknown): boolean => codeOf(error) === ("wrong" satisfies ErrorCode);

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

/** What `error` says, whatever it is. */
export function reason(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return String(error);
}

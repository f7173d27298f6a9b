// Made from the crate estatus-api; `UPDATE=1 cargo test -p estatus-api` makes it anew.

/**
 * The first frame on every connection.
 */
export type Hello = { 
/**
 * [`PROTOCOL`].
 */
protocol: number, 
/**
 * The engine's version.
 */
version: string, 
/**
 * Who hosts the engine.
 */
host: Host, 
/**
 * What this client may do.
 */
permission: Permission, 
/**
 * How things are.
 */
snapshot: Snapshot, };

/**
 * Who hosts the engine.
 */
export type Host = { 
/**
 * What it is.
 */
kind: HostKind, 
/**
 * The process.
 */
pid: number, 
/**
 * When it started the engine.
 */
started: string, 
/**
 * The configuration file in force.
 */
config: string, 
/**
 * The data folder.
 */
data: string, };

/**
 * What hosts an engine.
 */
export type HostKind = "terminal" | "tray" | "service";

/**
 * What a client may do; whoever may do one of these may do those before it.
 */
export type Permission = "look" | "steer" | "edit";

/**
 * How things are, without figures over time.
 */
export type Snapshot = { 
/**
 * Every monitor, in the order of the configuration.
 */
monitors: Array<MonitorState>, 
/**
 * Every program, in the order of the configuration.
 */
programs: Array<ProgramStatus>, 
/**
 * Every flow, in the order of the configuration.
 */
flows: Array<FlowStatus>, 
/**
 * Every fleet, in the order of the configuration.
 */
fleets: Array<FleetSummary>, 
/**
 * The open incidents, the oldest first.
 */
incidents: Array<IncidentState>, 
/**
 * Everything that is no single monitor's.
 */
engine: EngineState, };

/**
 * What there is to know of the engine itself.
 */
export type EngineState = { 
/**
 * The parts of the own network that are off.
 */
network_off: Array<Scope>, 
/**
 * Until when nothing is told.
 */
snoozed_until: string | null, 
/**
 * Until when nothing is told for whatever reason, quiet hours among them, as far as that held when this was said; it
 * is said anew with every incident that begins, changes or ends.
 */
quiet_until?: string | null, 
/**
 * Why the store does not write just now.
 */
store_trouble: string | null, 
/**
 * Why the status page is not written just now.
 */
status_page_trouble?: string | null, 
/**
 * Why the configuration file as it stands is not in force.
 */
config_refused: string | null, 
/**
 * Whether that is only because it takes everything away: [`crate::Request::Apply`] puts it in force, if it is meant.
 */
config_emptied: boolean, 
/**
 * The messages that are not delivered yet.
 */
waiting: Array<WaitingMessage>, 
/**
 * The language of all that is put into words: causes, deeds, outcomes, exits, troubles.
 */
language: Language, 
/**
 * What the engine runs on, and so what it watches and keeps running.
 */
platform: Platform, };

/**
 * An operating system that Estatus runs on. Where nothing is said, it is that of whoever reads: an engine and its clients
 * are on one machine.
 */
export type Platform = "linux" | "windows";

/**
 * A message that is not delivered yet.
 */
export type WaitingMessage = { 
/**
 * Its number.
 */
id: MessageId, 
/**
 * Its channel.
 */
channel: string, 
/**
 * When its first alert arose.
 */
created: string, 
/**
 * How many tries have failed.
 */
failed: number, 
/**
 * Why the last one did.
 */
error: string | null, };

/**
 * A monitor as it is.
 */
export type MonitorState = { 
/**
 * Its name.
 */
name: string, 
/**
 * The kind of its check.
 */
kind: Kind, 
/**
 * What is checked.
 */
target: string, 
/**
 * The user's own marks.
 */
tags: Array<string>, 
/**
 * Its health.
 */
health: Health, 
/**
 * How well it is: whoever counts, counts this.
 */
standing: Standing, 
/**
 * Since when it has been in that health.
 */
since: string | null, 
/**
 * Whether what is wrong is a figure beyond its limit; it is there then, and not down.
 */
over_limit: boolean, 
/**
 * What was seen last.
 */
last: LastSeen | null, 
/**
 * Whether it goes up and down.
 */
flapping: boolean, 
/**
 * Whether it fails now and then, though never often enough in a row to be down.
 */
unsteady: boolean, 
/**
 * When a pause ends by itself.
 */
paused_until: string | null, 
/**
 * Until when nothing is told of it.
 */
snoozed_until: string | null, 
/**
 * The program that its remedy starts or restarts.
 */
heals?: string | null, };

/**
 * A program as it is.
 */
export type ProgramStatus = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it runs.
 */
command: string, 
/**
 * How it stands.
 */
state: ProgramState, 
/**
 * How well it is: whoever counts, counts this.
 */
standing: Standing, 
/**
 * Since when it has stood so, in this life of the engine.
 */
since: string, 
/**
 * Its first process, while it runs.
 */
pid: number | null, 
/**
 * The number of its newest start.
 */
start: StartId, 
/**
 * How many times it has been started again since somebody started it.
 */
restarts: number, 
/**
 * How it ended the last time.
 */
last_exit: LastExit | null, 
/**
 * Why it does not run, in [`EngineState::language`].
 */
trouble: string | null, 
/**
 * What it last said of itself (`STATUS=` of sd_notify).
 */
says: string | null, 
/**
 * When it is started next, while it waits for that.
 */
next_start: string | null, 
/**
 * Whether it is stopped when its engine stops; otherwise it goes on, and the next engine finds it.
 */
stops_with_estatus: boolean, };

/**
 * A fleet as it is, without its instances.
 */
export type FleetSummary = { 
/**
 * Its name.
 */
name: string, 
/**
 * How well it is: whoever counts, counts this.
 */
standing: Standing, 
/**
 * Whether anything but a user launches or removes an instance of it.
 */
enabled: boolean, 
/**
 * By which rule it is scaled: the word that stands for it in the file.
 */
policy: string, 
/**
 * Where its instances come from: the word that stands for it in the file.
 */
launch: string, 
/**
 * So many instances it has at least.
 */
min: number, 
/**
 * To so many it is refilled.
 */
desired: number, 
/**
 * So many instances it has at most.
 */
max: number, 
/**
 * The mean load that it is to have, from 0 to 1.
 */
load: number, 
/**
 * How often an instance says what its load is, in seconds.
 */
heartbeat: number, 
/**
 * Whether the source document's protocol is spoken beyond this machine, unencrypted.
 */
insecure?: boolean, 
/**
 * How many instances are there to work, or will be.
 */
count: number, 
/**
 * How many of them are there to work.
 */
running: number, 
/**
 * The mean of the loads that are known, from 0 to 1; nothing where none is.
 */
mean: number | null, 
/**
 * What is wrong, each in a sentence.
 */
troubles?: Array<string>, 
/**
 * What was decided last that was to be kept.
 */
last_decision: DecisionStatus | null, };

/**
 * A fleet as it is.
 */
export type FleetStatus = { 
/**
 * Its instances that are not gone, in the order of their numbers.
 */
instances: Array<InstanceStatus>, 
/**
 * What the provider has that bears the mark of Estatus and that nobody counts, by what it calls it.
 */
orphans?: Array<string>, 
/**
 * Why and how often somebody was refused who wanted to be an instance, in words.
 */
refused?: Array<RefusedStatus>, 
/**
 * Its name.
 */
name: string, 
/**
 * How well it is: whoever counts, counts this.
 */
standing: Standing, 
/**
 * Whether anything but a user launches or removes an instance of it.
 */
enabled: boolean, 
/**
 * By which rule it is scaled: the word that stands for it in the file.
 */
policy: string, 
/**
 * Where its instances come from: the word that stands for it in the file.
 */
launch: string, 
/**
 * So many instances it has at least.
 */
min: number, 
/**
 * To so many it is refilled.
 */
desired: number, 
/**
 * So many instances it has at most.
 */
max: number, 
/**
 * The mean load that it is to have, from 0 to 1.
 */
load: number, 
/**
 * How often an instance says what its load is, in seconds.
 */
heartbeat: number, 
/**
 * Whether the source document's protocol is spoken beyond this machine, unencrypted.
 */
insecure?: boolean, 
/**
 * How many instances are there to work, or will be.
 */
count: number, 
/**
 * How many of them are there to work.
 */
running: number, 
/**
 * The mean of the loads that are known, from 0 to 1; nothing where none is.
 */
mean: number | null, 
/**
 * What is wrong, each in a sentence.
 */
troubles?: Array<string>, 
/**
 * What was decided last that was to be kept.
 */
last_decision: DecisionStatus | null, };

/**
 * An instance of a fleet.
 */
export type InstanceStatus = { 
/**
 * What the provider calls it, once that is known.
 */
id: string | null, 
/**
 * Its name.
 */
name: string, 
/**
 * The address that is used, once it has announced itself.
 */
address: string | null, 
/**
 * The address that it has declared, where that is another: text of the outside world.
 */
declared?: string, 
/**
 * How it stands.
 */
state: InstanceState, 
/**
 * Its load, from 0 to 1, where it is known.
 */
load: number | null, 
/**
 * Since when it has stood so.
 */
since: string, 
/**
 * When it was wanted.
 */
launched: string, 
/**
 * For how long it has not been heard, in seconds.
 */
silent: number, 
/**
 * No rule removes it, and nobody by mistake.
 */
protected?: boolean, 
/**
 * A user has launched it: no rule removes it.
 */
by_user?: boolean, 
/**
 * It was launched from another template than instances are launched from now.
 */
outdated?: boolean, 
/**
 * How many times what it said was no load.
 */
faults?: number, 
/**
 * Why it is not as it should be: text of the outside world.
 */
error?: string, };

/**
 * What was decided of a fleet.
 */
export type DecisionStatus = { 
/**
 * Its number in its fleet.
 */
number: number, 
/**
 * When.
 */
at: string, 
/**
 * So many instances are launched; or removed, where it is negative.
 */
change: number, 
/**
 * How many instances there were to work, or would be.
 */
instances: number, 
/**
 * The mean of the loads that were known, from 0 to 1; nothing where none was.
 */
mean: number | null, 
/**
 * All of it in one sentence.
 */
says: string, 
/**
 * Why, each in words.
 */
reasons: Array<string>, 
/**
 * What was not done, each with why not, in words.
 */
rejected: Array<string>, 
/**
 * Those that are removed.
 */
victims?: Array<string>, };

/**
 * Somebody was refused who wanted to be an instance.
 */
export type RefusedStatus = { 
/**
 * Why, in words.
 */
why: string, 
/**
 * How often.
 */
count: number, };

/**
 * How a fleet stood in a minute.
 */
export type FleetSample = { 
/**
 * When the minute began.
 */
at: string, 
/**
 * How many instances were there to work.
 */
running: number, 
/**
 * The mean of the loads that were known, from 0 to 1; nothing where none was.
 */
mean: number | null, };

/**
 * A rule of which it is asked what it would have done: what is not said is as it is in force.
 */
export type OtherRule = { 
/**
 * The rule: the word that stands for it in the file.
 */
policy: string | null, 
/**
 * So many instances it has at least.
 */
min: number | null, 
/**
 * To so many it is refilled.
 */
desired: number | null, 
/**
 * So many instances it has at most.
 */
max: number | null, 
/**
 * The mean load that it is to have, above 0 and at most 1.
 */
load: number | null, 
/**
 * How many there are to be from when on, for the rule `schedule`.
 */
schedule: Array<OtherPlan> | null, };

/**
 * So many instances from a time on.
 */
export type OtherPlan = { 
/**
 * From when on: five cron fields, by the zone of the file.
 */
from: string, 
/**
 * So many.
 */
desired: number, };

/**
 * What rules would have done with the load that a fleet had.
 */
export type FleetReplay = { 
/**
 * When what they were tried on begins.
 */
from: string, 
/**
 * When it ends.
 */
to: string, 
/**
 * Of so many hours of it something is known.
 */
hours: number, 
/**
 * What really was, whoever did it.
 */
was: Outcome, 
/**
 * The rule in force.
 */
in_force: TriedRule, 
/**
 * The other one.
 */
other: TriedRule, 
/**
 * How many instances there were, and would have been.
 */
course: Array<ReplayPoint>, };

/**
 * A rule, and what would have come of it.
 */
export type TriedRule = { 
/**
 * The rule: the word that stands for it in the file.
 */
policy: string, 
/**
 * So many instances it has at least.
 */
min: number, 
/**
 * To so many it is refilled.
 */
desired: number, 
/**
 * So many instances it has at most.
 */
max: number, 
/**
 * The mean load that it is to have, from 0 to 1.
 */
load: number, 
/**
 * What would have come of it.
 */
outcome: Outcome, };

/**
 * How many instances there were at a time, and would have been.
 */
export type ReplayPoint = { 
/**
 * When.
 */
at: string, 
/**
 * So many there were.
 */
was: number, 
/**
 * So many there would have been by the rule in force.
 */
in_force: number, 
/**
 * So many there would have been by the other one.
 */
other: number, };

/**
 * What came of a policy, or would have.
 */
export type Outcome = { 
/**
 * So many instances were launched.
 */
launches: number, 
/**
 * So many were removed, or lost.
 */
removals: number, 
/**
 * The share of the time in which the mean load was above [`OVERLOADED`], from 0 to 1.
 */
overloaded: number, 
/**
 * The share of the time in which the mean load was above what it is to be, from 0 to 1.
 */
above: number, 
/**
 * So many hours all instances lived, taken together.
 */
instance_hours: number, };

/**
 * A flow as it is.
 */
export type FlowStatus = { 
/**
 * Its name.
 */
name: string, 
/**
 * Whether anything but a user begins a run of it.
 */
enabled: boolean, 
/**
 * How many steps it has.
 */
steps: number, 
/**
 * When its schedule is due next.
 */
next: string | null, 
/**
 * The run that goes on.
 */
run: RunSummary | null, 
/**
 * How many runs wait for their turn.
 */
queued: number, };

/**
 * A run of a flow, without its steps.
 */
export type RunSummary = { 
/**
 * Its number.
 */
run: RunId, 
/**
 * The flow's name.
 */
flow: string, 
/**
 * How it stands.
 */
state: RunState, 
/**
 * Why it began, in words.
 */
cause: string, 
/**
 * The monitors that it is to heal.
 */
heals?: Array<string>, 
/**
 * The step that it failed at, with the attempt and the reason, in words.
 */
why: string | null, 
/**
 * The place of that step.
 */
failed?: number, 
/**
 * The run that it repeats.
 */
repeats?: RunId, 
/**
 * When it began, was put in the queue, or would have begun.
 */
began: string, 
/**
 * When it ended.
 */
ended: string | null, };

/**
 * A run of a flow.
 */
export type RunStatus = { 
/**
 * Its steps, in the order of the file.
 */
steps: Array<StepStatus>, 
/**
 * What is different from the last run that succeeded; if it failed, and one ever did.
 */
since_success?: SinceSuccess, 
/**
 * Whether the flow is still defined as this run was.
 */
is_current: boolean, 
/**
 * Its number.
 */
run: RunId, 
/**
 * The flow's name.
 */
flow: string, 
/**
 * How it stands.
 */
state: RunState, 
/**
 * Why it began, in words.
 */
cause: string, 
/**
 * The monitors that it is to heal.
 */
heals?: Array<string>, 
/**
 * The step that it failed at, with the attempt and the reason, in words.
 */
why: string | null, 
/**
 * The place of that step.
 */
failed?: number, 
/**
 * The run that it repeats.
 */
repeats?: RunId, 
/**
 * When it began, was put in the queue, or would have begun.
 */
began: string, 
/**
 * When it ended.
 */
ended: string | null, };

/**
 * A step of a run.
 */
export type StepStatus = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it does, in words.
 */
does: string, 
/**
 * How it stands.
 */
state: StepState, 
/**
 * How many times it was begun.
 */
attempts: number, 
/**
 * How its command ended the last time.
 */
exit: Exit | null, 
/**
 * Why it failed the last time, in words.
 */
why: string | null, 
/**
 * When it was begun first.
 */
began: string | null, 
/**
 * When it ended, or was skipped.
 */
ended: string | null, 
/**
 * When it is tried again.
 */
retry_at?: string | null, 
/**
 * The last lines that its command wrote: text of the outside world.
 */
output: Array<string>, 
/**
 * How long its last attempt took, in seconds, if that was made in this run and is over.
 */
took?: number, 
/**
 * Whether that differs noticeably from `usual`.
 */
unusual?: boolean, 
/**
 * How long it takes as a rule, in seconds.
 */
usual?: number, 
/**
 * It was not done in this run: this came of it in the one that is repeated.
 */
kept?: boolean, 
/**
 * Why it was skipped, in words, if that is because of another step.
 */
skipped_because?: string, 
/**
 * What it asks, and until when; if it waits for somebody to approve, or did: text that may hold what the outside world
 * wrote.
 */
question?: Question, 
/**
 * The value that its request saved: text of the outside world.
 */
saved?: string, 
/**
 * The run of another flow that it has begun.
 */
run?: RunId, 
/**
 * How it was taken back.
 */
undo?: UndoStatus, 
/**
 * Whether there is a log of it: [`crate::Request::StepLog`].
 */
has_log: boolean, };

/**
 * What is different from the last run that succeeded.
 */
export type SinceSuccess = { 
/**
 * That run.
 */
run: RunId, 
/**
 * When it ended.
 */
ended: string, 
/**
 * What is different, each in a sentence without a full stop; empty if nothing is known to be.
 */
changes: Array<string>, };

/**
 * What a step asks.
 */
export type Question = { 
/**
 * The question.
 */
text: string, 
/**
 * Until when somebody may answer.
 */
until: string, 
/**
 * Whether the run goes on if nobody does.
 */
continues: boolean, };

/**
 * How what a step did was taken back.
 */
export type UndoStatus = { 
/**
 * How that stands.
 */
state: StepState, 
/**
 * When it was begun.
 */
began: string, 
/**
 * When it ended.
 */
ended: string | null, 
/**
 * Why it failed, in words.
 */
why: string | null, 
/**
 * The last lines that its command wrote: text of the outside world.
 */
output: Array<string>, };

/**
 * What a run of a flow would do, and what was found of that without doing it.
 */
export type FlowPlan = { 
/**
 * The flow's name.
 */
flow: string, 
/**
 * Whether nothing was found that would make a step fail.
 */
well: boolean, 
/**
 * Its steps, in the order of the file.
 */
steps: Array<PlannedStep>, };

/**
 * What a step would do.
 */
export type PlannedStep = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it does, in words.
 */
does: string, 
/**
 * The names of the steps that must have ended before.
 */
after: Array<string>, 
/**
 * Under which condition it begins, in words; nothing where all before it must have succeeded.
 */
when: string | null, 
/**
 * Whether nothing was found by which the run would fail at it.
 */
well: boolean, 
/**
 * Whether it would begin if every step before it succeeded.
 */
begins: boolean, 
/**
 * What was found: monitors probed, programs and folders looked for, secrets fetched.
 */
findings: Array<Finding>, 
/**
 * What would happen if it failed, each in a sentence without a full stop.
 */
if_it_fails: Array<string>, };

/**
 * Something that was found of a step without doing it.
 */
export type Finding = { 
/**
 * Whether it is as it should be.
 */
well: boolean, 
/**
 * It in words.
 */
text: string, };

/**
 * A step of a run.
 */
export type StepOf = { 
/**
 * The run.
 */
run: RunId, 
/**
 * The step's place, from 0.
 */
place: number, };

/**
 * How a run is repeated.
 */
export type Repeat = { 
/**
 * From the step of this name on: what came of those before it is kept. As a whole if none is named.
 */
from: string | null, 
/**
 * By the definition that the run had, and not by the one in force.
 */
as_then: boolean, };

/**
 * How a program ended.
 */
export type LastExit = { 
/**
 * When.
 */
at: string, 
/**
 * How.
 */
exit: Exit, 
/**
 * The same in words, with what it means.
 */
detail: string, 
/**
 * What could not be ended of it.
 */
left?: Array<string>, 
/**
 * The last lines it wrote.
 */
tail?: Array<string>, };

/**
 * One try to heal an incident.
 */
export type AttemptState = { 
/**
 * What was done.
 */
deed: string, 
/**
 * When it began.
 */
began: string, 
/**
 * When its outcome was known.
 */
ended: string | null, 
/**
 * Whether the monitor succeeded afterwards; nothing while it is under way.
 */
healed: boolean | null, 
/**
 * How it went; nothing while it is under way.
 */
outcome: string | null, 
/**
 * The last lines that the program wrote before it ended, or that the command wrote: text of the outside world.
 */
output?: Array<string>, 
/**
 * The run of a flow that it was.
 */
run?: RunId, };

/**
 * What was seen last.
 */
export type LastSeen = { 
/**
 * When the probe began.
 */
at: string, 
/**
 * What it says of the target.
 */
verdict: Verdict, 
/**
 * How long the target took.
 */
latency_ms: number | null, 
/**
 * What was seen, or why that does not do.
 */
detail: string, 
/**
 * How long each phase took, in milliseconds, in their order.
 */
phases_ms: Array<[Phase, number]>, 
/**
 * The phase it failed in.
 */
failed_in?: Phase | null, 
/**
 * Something that is well now and soon will not be.
 */
warning?: Warning | null, 
/**
 * The last moment of the certificate that runs out first, where one was shown.
 */
certificate_until?: string | null, 
/**
 * What the target said, as far as it helps: text of the outside world.
 */
evidence?: string | null, 
/**
 * The page where it failed, if a redirect led there.
 */
redirected_to?: string | null, 
/**
 * The address that was talked to, or tried last.
 */
remote?: string | null, };

/**
 * An incident, with everything done about it.
 */
export type IncidentState = { 
/**
 * Its number.
 */
id: IncidentId, 
/**
 * Whose it is.
 */
monitor: string, 
/**
 * When the first failed probe began.
 */
opened: string, 
/**
 * When the first good probe after it began.
 */
closed: string | null, 
/**
 * How long it lasted, in seconds, by a clock that nobody sets; nothing while it is open, or where that is not known.
 */
lasted?: number | null, 
/**
 * Whether it began with a figure beyond its limit, and not with something that was not there.
 */
over_limit: boolean, 
/**
 * Why the first probe failed.
 */
cause: string, 
/**
 * The phase it failed in.
 */
phase: Phase, 
/**
 * What the target said then, as far as it helps: text of the outside world.
 */
evidence?: string | null, 
/**
 * The page where it failed, if a redirect led there.
 */
redirected_to?: string | null, 
/**
 * When the user said to know of it.
 */
acknowledged: string | null, 
/**
 * What was done to heal it, the first try first.
 */
attempts: Array<AttemptState>, 
/**
 * When its remedy was given up.
 */
escalated: string | null, 
/**
 * Who was told what.
 */
alerts: Array<AlertState>, };

/**
 * One alert about an incident.
 */
export type AlertState = { 
/**
 * The message that carries it.
 */
message: MessageId, 
/**
 * The channel.
 */
channel: string, 
/**
 * `down`, `reminder`, `recovered`, `flapping`, `settled` or `escalated`.
 */
news: string, 
/**
 * When it arose.
 */
created: string, 
/**
 * How far it has come.
 */
delivery: Delivery, };

/**
 * How things are, with the figures of the last 24 hours.
 */
export type Status = { 
/**
 * Every monitor, in the order of the configuration.
 */
monitors: Array<MonitorStatus>, 
/**
 * Every program, in the order of the configuration.
 */
programs: Array<ProgramStatus>, 
/**
 * Every flow, in the order of the configuration.
 */
flows: Array<FlowStatus>, 
/**
 * Every fleet, in the order of the configuration.
 */
fleets: Array<FleetSummary>, 
/**
 * The open incidents, the oldest first.
 */
incidents: Array<IncidentState>, 
/**
 * Everything that is no single monitor's.
 */
engine: EngineState, 
/**
 * Who hosts the engine.
 */
host: Host, };

/**
 * A monitor as it is, with its figures of the last 24 hours.
 */
export type MonitorStatus = { 
/**
 * Its name.
 */
name: string, 
/**
 * The kind of its check.
 */
kind: Kind, 
/**
 * What is checked.
 */
target: string, 
/**
 * The user's own marks.
 */
tags: Array<string>, 
/**
 * Its health.
 */
health: Health, 
/**
 * How well it is: whoever counts, counts this.
 */
standing: Standing, 
/**
 * Since when it has been in that health.
 */
since: string | null, 
/**
 * Whether what is wrong is a figure beyond its limit; it is there then, and not down.
 */
over_limit: boolean, 
/**
 * What was seen last.
 */
last: LastSeen | null, 
/**
 * Whether it goes up and down.
 */
flapping: boolean, 
/**
 * Whether it fails now and then, though never often enough in a row to be down.
 */
unsteady: boolean, 
/**
 * When a pause ends by itself.
 */
paused_until: string | null, 
/**
 * Until when nothing is told of it.
 */
snoozed_until: string | null, 
/**
 * The program that its remedy starts or restarts.
 */
heals?: string | null, 
/**
 * For how many seconds it was observed to be up or down.
 */
observed: number, 
/**
 * For how many seconds it was looked at in vain.
 */
inconclusive: number, 
/**
 * The share of the observed time in which it was up, from 0 to 1.
 */
uptime: number | null, 
/**
 * The median latency.
 */
p50_ms: number | null, 
/**
 * Of 100 probes, 95 took no longer.
 */
p95_ms: number | null, 
/**
 * Of 100 probes, 99 took no longer.
 */
p99_ms: number | null, };

/**
 * Figures over a stretch of time.
 */
export type Figures = { 
/**
 * For how many seconds it was observed to be up or down.
 */
observed: number, 
/**
 * For how many seconds it was looked at in vain.
 */
inconclusive: number, 
/**
 * The share of the observed time in which it was up, from 0 to 1.
 */
uptime: number | null, 
/**
 * The median latency.
 */
p50_ms: number | null, 
/**
 * Of 100 probes, 95 took no longer.
 */
p95_ms: number | null, 
/**
 * Of 100 probes, 99 took no longer.
 */
p99_ms: number | null, };

/**
 * A monitor's past.
 */
export type History = { 
/**
 * Whose.
 */
monitor: string, 
/**
 * How long each phase took on average, in milliseconds, in their order; together they make the average latency.
 * Nothing where no phases are known.
 */
phases_ms?: Array<[Phase, number]>, 
/**
 * The stretch in equal parts, the oldest first.
 */
points: Array<Point>, 
/**
 * For how many seconds it was observed to be up or down.
 */
observed: number, 
/**
 * For how many seconds it was looked at in vain.
 */
inconclusive: number, 
/**
 * The share of the observed time in which it was up, from 0 to 1.
 */
uptime: number | null, 
/**
 * The median latency.
 */
p50_ms: number | null, 
/**
 * Of 100 probes, 95 took no longer.
 */
p95_ms: number | null, 
/**
 * Of 100 probes, 99 took no longer.
 */
p99_ms: number | null, };

/**
 * A monitor's uptime up to now.
 */
export type Uptime = { 
/**
 * Whose.
 */
monitor: string, 
/**
 * Of the last 24 hours.
 */
day: Figures, 
/**
 * Of the last 30 days.
 */
month: Figures, 
/**
 * Of the last 365 days.
 */
year: Figures, };

/**
 * A part of a monitor's past.
 */
export type Point = { 
/**
 * Its first moment.
 */
from: string, 
/**
 * The first moment after it.
 */
to: string, 
/**
 * How long each phase took in it, as in [`History::phases_ms`].
 */
phases_ms?: Array<[Phase, number]>, 
/**
 * For how many seconds it was observed to be up or down.
 */
observed: number, 
/**
 * For how many seconds it was looked at in vain.
 */
inconclusive: number, 
/**
 * The share of the observed time in which it was up, from 0 to 1.
 */
uptime: number | null, 
/**
 * The median latency.
 */
p50_ms: number | null, 
/**
 * Of 100 probes, 95 took no longer.
 */
p95_ms: number | null, 
/**
 * Of 100 probes, 99 took no longer.
 */
p99_ms: number | null, };

/**
 * What a client asks for.
 */
export type Request = { "request": "status" } | { "request": "history", "of": { 
/**
 * The monitor.
 */
monitor: string, 
/**
 * The first moment.
 */
from: string, 
/**
 * The first moment after the stretch.
 */
to: string, 
/**
 * Into how many parts it is divided; at most 2,000.
 */
points: number, } } | { "request": "uptime", "of": { 
/**
 * The monitor.
 */
monitor: string, } } | { "request": "report", "of": { 
/**
 * The month, by the clock of the configuration's zone.
 */
month: ReportMonth, 
/**
 * Only monitors with one of these tags; all if there are none.
 */
tags: Array<string>, 
/**
 * What kind of file.
 */
format: ReportFormat, } } | { "request": "incidents", "of": { 
/**
 * Of one monitor only.
 */
monitor: string | null, 
/**
 * Those that were open after this.
 */
since: string | null, 
/**
 * At most so many; at most 10,000.
 */
limit: number, } } | { "request": "do", "of": Ask } | { "request": "configuration" } | { "request": "edit", "of": { 
/**
 * What is changed, one after the other.
 */
edits: Array<Edit>, 
/**
 * Whether it is saved if nothing is wrong with it; otherwise it is only looked at.
 */
save: boolean, } } | { "request": "versions" } | { "request": "version", "of": { 
/**
 * Its number.
 */
id: number, } } | { "request": "put_back", "of": { 
/**
 * Its number.
 */
id: number, } } | { "request": "undo", "of": { 
/**
 * The number of the version.
 */
id: number, } } | { "request": "entry_text", "of": { 
/**
 * What it is.
 */
section: Section, 
/**
 * Its name.
 */
name: string, } } | { "request": "apply" } | { "request": "import", "of": { 
/**
 * The file's name, with its path if that is known: relative paths in the file start from its folder.
 */
name: string, 
/**
 * What stands in it, whatever its encoding; at most 5,000,000 bytes once it is in UTF-8.
 */
content: string, } } | { "request": "try", "of": { 
/**
 * What would be changed in the configuration file, one after the other.
 */
edits: Array<Edit>, 
/**
 * What is tried of that.
 */
of: TrialOf, 
/**
 * The secrets that were typed in, in place of those that are stored under their names.
 */
secrets: Array<TypedSecret>, } } | { "request": "end_trial", "of": { 
/**
 * Which.
 */
of: TrialOf, } } | { "request": "store_secret", "of": { 
/**
 * The name: at most 64 bytes, of letters and digits with `-`, `_`, `.`, `@` and spaces between them.
 */
name: string, 
/**
 * The secret; at most 65,536 bytes.
 */
value: string, } } | { "request": "remove_secret", "of": { 
/**
 * The name.
 */
name: string, } } | { "request": "secrets", "of": { 
/**
 * The names, at most 1,000; nothing for all that the configuration file names or that are stored.
 */
names: Array<string> | null, } } | { "request": "survey" } | { "request": "adoptable", "of": { 
/**
 * The process.
 */
process: ProcessId, } } | { "request": "relaunch", "of": { 
/**
 * Whether it stops programs as when it quits; otherwise whatever it keeps running runs on meanwhile, and so does
 * the command of a remedy.
 */
stop_programs: boolean, } } | { "request": "log", "of": { 
/**
 * The program.
 */
program: string, 
/**
 * At most so many; at most 10,000.
 */
lines: number, } } | { "request": "read_log", "of": { 
/**
 * The program.
 */
program: string, 
/**
 * From where on, and in which direction.
 */
from: LogFrom, 
/**
 * A text that stands in the lines, in upper or lower case, at most 1,000 bytes; empty for all lines.
 */
text: string, 
/**
 * What the lines were written to; nothing for both.
 */
stream?: LogStream | null, 
/**
 * At most so many; at most 10,000.
 */
limit: number, } } | { "request": "program_history", "of": { 
/**
 * The program.
 */
program: string, 
/**
 * Since when; how it stood then is told too.
 */
since: string, 
/**
 * The newest so many changes at most; at most 10,000.
 */
limit: number, } } | { "request": "usage", "of": { 
/**
 * Whose.
 */
by: UsedBy, 
/**
 * The first moment.
 */
from: string, 
/**
 * The first moment after the stretch.
 */
to: string, 
/**
 * Into about how many pieces it is divided; at most 2,000.
 */
points: number, } } | { "request": "runs", "of": { 
/**
 * Of one flow only.
 */
flow: string | null, 
/**
 * At most so many; at most 10,000.
 */
limit: number, } } | { "request": "last_runs", "of": { 
/**
 * At most so many of each; at most 100.
 */
limit: number, } } | { "request": "run", "of": { 
/**
 * Its number.
 */
run: RunId, } } | { "request": "repeat", "of": { 
/**
 * The run.
 */
run: RunId, 
/**
 * How.
 */
how: Repeat, } } | { "request": "plan", "of": { 
/**
 * The flow.
 */
flow: string, } } | { "request": "fleet", "of": { 
/**
 * Its name.
 */
fleet: string, } } | { "request": "decisions", "of": { 
/**
 * The fleet.
 */
fleet: string, 
/**
 * At most so many; at most 10,000.
 */
limit: number, } } | { "request": "fleet_history", "of": { 
/**
 * The fleet.
 */
fleet: string, 
/**
 * From when on.
 */
since: string, } } | { "request": "replay", "of": { 
/**
 * The fleet.
 */
fleet: string, 
/**
 * The other rule.
 */
other: OtherRule, 
/**
 * From when on; nothing for the last week.
 */
since: string | null, } } | { "request": "set_load", "of": { 
/**
 * The fleet.
 */
fleet: string, 
/**
 * The instance, by its name.
 */
instance: string, 
/**
 * Its load, from 0 to 1.
 */
load: number, } } | { "request": "step_log", "of": { 
/**
 * The step.
 */
of: StepOf, 
/**
 * At most so many; at most 10,000.
 */
lines: number, } } | { "request": "follow", "of": { 
/**
 * The program whose log is told, by [`Event::Log`].
 */
log_of: string | null, 
/**
 * The step whose log is told, by [`Event::StepLog`].
 */
step?: StepOf | null, 
/**
 * Whether it is told what programs use, by [`Event::Usage`].
 */
usage: boolean, } };

/**
 * A month of the calendar.
 */
export type ReportMonth = "current" | "last" | { "of": string };

/**
 * What a report is written as.
 */
export type ReportFormat = "html" | "csv" | "incidents_csv" | "json";

/**
 * A file that was asked for.
 */
export type Document = { 
/**
 * What it may be called, like `estatus-2026-10.html`.
 */
name: string, 
/**
 * What stands in it.
 */
text: string, };

/**
 * A change to the configuration file.
 */
export type Edit = { "edit": "put", 
/**
 * What it is.
 */
section: Section, 
/**
 * The entry that is replaced; a new one if none is named.
 */
name: string | null, 
/**
 * Its keys and values as in the file; the name of a channel, a flow or a fleet is not among them.
 */
table: Record<string, unknown>, 
/**
 * The name of a new channel, flow or fleet, or the new name of one.
 */
called?: string | null, } | { "edit": "remove", 
/**
 * What it is.
 */
section: Section, 
/**
 * Its name.
 */
name: string, } | { "edit": "set", 
/**
 * The keys that lead to it, like `alerts` and `quiet_hours`.
 */
path: Array<string>, 
/**
 * The value as in the file; it is removed if there is none.
 */
value: unknown, };

/**
 * A part of the configuration file that has named entries.
 */
export type Section = "monitor" | "program" | "channel" | "flow" | "fleet";

/**
 * The configuration file as it stands.
 */
export type Configuration = { 
/**
 * Where it is.
 */
file: string, 
/**
 * Its tables, as they are written; empty if they cannot be read.
 */
tables: Record<string, unknown>, 
/**
 * What is wrong with it.
 */
problems: Array<ConfigProblem>, };

/**
 * Something wrong with the configuration file.
 */
export type ConfigProblem = { 
/**
 * The line, counted from 1.
 */
line: number, 
/**
 * The column, in characters, counted from 1.
 */
column: number, 
/**
 * The keys that lead to it, like `monitor`, `2` and `every`; as many of them as are there.
 */
path: Array<string>, 
/**
 * What is wrong and, where that is known, what would be right.
 */
message: string, };

/**
 * What has become of an edit of the configuration file.
 */
export type Edited = { 
/**
 * What is wrong with the file as it would be; nothing, and it has been saved if that was wanted.
 */
problems: Array<ConfigProblem>, 
/**
 * The version that was saved, for [`crate::Request::Undo`]; nothing if the file says what it said before, or no
 * version of it could be kept.
 */
version?: number | null, };

/**
 * A version of the configuration file that is kept.
 */
export type Version = { 
/**
 * Its number; a later version has a higher one.
 */
id: number, 
/**
 * When it was saved or put in force.
 */
at: string, 
/**
 * Whether the file says just this now.
 */
is_present: boolean, 
/**
 * What it changed of the version before it; nothing where that is not known, as of the oldest. Where it is empty, only
 * comments and layout differ.
 */
changes: Array<VersionChange> | null, };

/**
 * What a version changed of the entries of a section.
 */
export type VersionChange = { 
/**
 * What was done with them.
 */
change: EntryChange, 
/**
 * What they are; nothing for values that belong to no entry, like `alerts`.
 */
section: Section | null, 
/**
 * How many there are.
 */
count: number, 
/**
 * The names of the first of them; five at most.
 */
names: Array<string>, };

/**
 * What was done with an entry.
 */
export type EntryChange = "added" | "removed" | "changed";

/**
 * The text of a version.
 */
export type VersionText = { 
/**
 * All of it.
 */
text: string, 
/**
 * What putting it back would change in the file as it stands: 2,000 lines at most.
 */
difference: Array<Hunk>, 
/**
 * Whether there is more than that.
 */
is_cut: boolean, };

/**
 * Lines of the file in which something differs, with those around it.
 */
export type Hunk = { 
/**
 * The line of the file at which it begins, counted from 1.
 */
line: number, 
/**
 * Its lines.
 */
lines: Array<HunkLine>, };

/**
 * A line, or what would become of it.
 */
export type HunkLine = { 
/**
 * Whether it would come or go; nothing if it would stay.
 */
change: LineChange | null, 
/**
 * What it says, without its end.
 */
text: string, };

/**
 * What would become of a line.
 */
export type LineChange = "added" | "removed";

/**
 * What the file of another tool would add.
 */
export type Imported = { 
/**
 * What kind of file it is, like `Procfile`.
 */
from: string, 
/**
 * What is added; no name in it is taken.
 */
edits: Array<Edit>, 
/**
 * What was left out and why, each with the entry and the key: text of the outside world is in it.
 */
notes: Array<string>, };

/**
 * What is tried, by its name in the configuration file as it would be.
 */
export type TrialOf = { "what": "monitor", "name": string } | { "what": "program", "name": string } | { "what": "channel", "name": string };

/**
 * A secret that was typed in and is not stored: it is known to one trial alone.
 */
export type TypedSecret = { 
/**
 * The name by which the configuration file asks for it.
 */
name: string, 
/**
 * The secret; at most 65,536 bytes.
 */
value: string, };

/**
 * How a trial went.
 */
export type Tried = { 
/**
 * What it says of what was tried.
 */
verdict: Verdict, 
/**
 * How it went, in a sentence or two; of a monitor it may be empty, where it is up and no more is to be said.
 */
text: string, 
/**
 * What was seen of a monitor.
 */
seen: LastSeen | null, 
/**
 * The last lines that a program wrote, the oldest first; at most 1,000.
 */
lines: Array<LogLine>, };

/**
 * Whether a secret is stored.
 */
export type SecretState = { 
/**
 * Its name.
 */
name: string, 
/**
 * Where it is; nothing if none is stored under that name.
 */
stored: StoredIn | null, 
/**
 * Why it is not known whether there is one.
 */
trouble: string | null, 
/**
 * What the configuration file has that names it, in the order of the sections and of the file; nothing while the file
 * cannot be read.
 */
used_by: Array<SecretUser> | null, };

/**
 * An entry of the configuration file that names a secret.
 */
export type SecretUser = { 
/**
 * The part of the file; the table `[email]` is a channel.
 */
section: Section, 
/**
 * Its name; empty if it has none yet.
 */
name: string, };

/**
 * Where a secret is that was entered into Estatus, for whoever entered it.
 */
export type StoredIn = { "in": "keyring", 
/**
 * What that is called: Secret Service, Windows Credential Manager.
 */
called: string, } | { "in": "file", 
/**
 * Where it is.
 */
path: string, };

/**
 * A process that could be watched or kept.
 */
export type Surveyed = { 
/**
 * It; its number and when it started.
 */
process: ProcessId, 
/**
 * Its name as the system shows it.
 */
name: string, 
/**
 * Its command line: text of the outside world.
 */
command_line: string, 
/**
 * The same as a list of words, if that is known.
 */
words: Array<string>, 
/**
 * Where it runs, if that may be known.
 */
directory: string | null, 
/**
 * The TCP ports it listens on, if any.
 */
ports: Array<number>, 
/**
 * The program of the configuration that it belongs to.
 */
program: string | null, 
/**
 * What keeps it running already, beside Estatus: PM2, systemd with the name of its unit, … Kept by two, it would be
 * started twice.
 */
keeper: string | null, };

/**
 * A process as it would be if a program became it.
 */
export type Adoptable = { 
/**
 * Whether it can be asked to end; one that cannot is only killed. Nothing of one that has ended meanwhile.
 */
can_be_asked: boolean | null, };

/**
 * A line that a program wrote, or a part of one.
 */
export type LogLine = { 
/**
 * When it was taken from the program.
 */
at: string, 
/**
 * Where it was written to; nothing if Estatus itself says what was lost.
 */
stream: LogStream | null, 
/**
 * Text of the outside world.
 */
text: string, 
/**
 * Whether the line goes on with the next of its stream.
 */
part?: boolean, 
/**
 * Where it stands in the log; nothing if it stands in none.
 */
place?: LogPlace | null, };

/**
 * One of the two that a program writes to.
 */
export type LogStream = "out" | "err";

/**
 * A place in a log, which a line keeps for as long as it is there.
 */
export type LogPlace = { 
/**
 * The number of the file.
 */
file: number, 
/**
 * How many bytes of it come before.
 */
at: number, };

/**
 * From where on a log is read, and in which direction.
 */
export type LogFrom = { "from": "end" } | { "from": "before", "place": LogPlace } | { "from": "after", "place": LogPlace };

/**
 * Lines of a log.
 */
export type LogPage = { 
/**
 * The lines, the oldest first; perhaps fewer than there was to be read, even none.
 */
lines: Array<LogLine>, 
/**
 * Where to go on in the same direction; nothing if there is no more.
 */
rest: LogPlace | null, };

/**
 * A program came to stand differently.
 */
export type ProgramChange = { 
/**
 * When.
 */
at: string, 
/**
 * How it stood from then on.
 */
to: ProgramState, 
/**
 * Why, in the language that was chosen then.
 */
why: string | null, };

/**
 * What the processes of a program use together.
 */
export type Usage = { 
/**
 * The program.
 */
program: string, 
/**
 * Its resident memory, in bytes.
 */
memory: number, 
/**
 * Its CPU since it was last looked at, in percent of one core; nothing at the first look.
 */
cpu: number | null, };

/**
 * Whose use of the machine is asked for.
 */
export type UsedBy = { "kind": "program", "name": string } | { "kind": "monitor", "name": string };

/**
 * What was used over a stretch of time.
 */
export type UsageHistory = { 
/**
 * The length of a piece, in seconds: a multiple of minutes, hours or days of UTC.
 */
piece: number, 
/**
 * Each measure of which something is known.
 */
series: Array<UsageSeries>, 
/**
 * When a program was started, and why, the oldest first; the newest ones if they are very many.
 */
starts: Array<ProgramChange>, };

/**
 * What is known of one measure.
 */
export type UsageSeries = { 
/**
 * The measure.
 */
measure: Measure, 
/**
 * Its limit in the configuration: of free space the least, of all else the most.
 */
limit: number | null, 
/**
 * The pieces in which it was measured, the oldest first; others are left out.
 */
points: Array<UsagePoint>, };

/**
 * What was measured in a piece, in the measure's unit: percent, bytes or waiting threads.
 */
export type UsagePoint = { 
/**
 * When the piece begins.
 */
at: string, 
/**
 * The mean.
 */
mean: number, 
/**
 * The least that was measured.
 */
least: number, 
/**
 * The most.
 */
most: number, };

/**
 * Something that is measured.
 */
export type Measure = { "of": "cpu" } | { "of": "memory" } | { "of": "memory_bytes" } | { "of": "load" } | { "of": "disk_free_percent", 
/**
 * A path on the disk.
 */
path: string, } | { "of": "disk_free_bytes", 
/**
 * A path on the disk.
 */
path: string, };

/**
 * What the engine answers.
 */
export type Reply = { "reply": "done" } | { "reply": "status", "of": Status } | { "reply": "history", "of": History } | { "reply": "uptime", "of": Uptime } | { "reply": "report", "of": Document } | { "reply": "incidents", "of": Array<IncidentState> } | { "reply": "configuration", "of": Configuration } | { "reply": "edited", "of": Edited } | { "reply": "versions", "of": Array<Version> } | { "reply": "version", "of": VersionText } | { "reply": "entry_text", "of": string } | { "reply": "imported", "of": Imported } | { "reply": "tried", "of": Tried } | { "reply": "secret_stored", "of": StoredIn } | { "reply": "secrets", "of": Array<SecretState> } | { "reply": "survey", "of": Array<Surveyed> } | { "reply": "adoptable", "of": Adoptable } | { "reply": "log", "of": Array<LogLine> } | { "reply": "log_page", "of": LogPage } | { "reply": "program_history", "of": Array<ProgramChange> } | { "reply": "usage", "of": UsageHistory } | { "reply": "begun", "of": RunId } | { "reply": "launched", "of": string } | { "reply": "runs", "of": Array<RunSummary> } | { "reply": "run", "of": RunStatus } | { "reply": "plan", "of": FlowPlan } | { "reply": "fleet", "of": FleetStatus } | { "reply": "decisions", "of": Array<DecisionStatus> } | { "reply": "fleet_history", "of": Array<FleetSample> } | { "reply": "replay", "of": FleetReplay };

/**
 * Why a request was not carried out.
 */
export type ApiError = { 
/**
 * What consumers tell apart.
 */
code: ErrorCode, 
/**
 * What happened, to what, and what to do about it.
 */
message: string, };

/**
 * The kinds of [`ApiError`] that a consumer tells apart.
 */
export type ErrorCode = "wrong" | "denied" | "overtaken" | "failed" | "gone" | "silent";

/**
 * Something that changed.
 */
export type Event = { "event": "monitor", "of": MonitorState } | { "event": "monitor_gone", "of": string } | { "event": "program", "of": ProgramStatus } | { "event": "program_gone", "of": string } | { "event": "flow", "of": FlowStatus } | { "event": "flow_gone", "of": string } | { "event": "fleet", "of": FleetSummary } | { "event": "fleet_gone", "of": string } | { "event": "run", "of": RunSummary } | { "event": "step", "of": { 
/**
 * The run.
 */
run: RunId, 
/**
 * The step, by its place.
 */
place: number, 
/**
 * It.
 */
step: StepStatus, } } | { "event": "incident", "of": IncidentState } | { "event": "incident_closed", "of": { 
/**
 * Which.
 */
incident: IncidentId, 
/**
 * When the first good probe began.
 */
closed: string, 
/**
 * See [`IncidentState::lasted`].
 */
lasted?: number | null, } } | { "event": "told", "of": { 
/**
 * The incident.
 */
incident: IncidentId, 
/**
 * All that was told of it, the first first.
 */
alerts: Array<AlertState>, } } | { "event": "engine", "of": EngineState } | { "event": "log", "of": { 
/**
 * The program.
 */
program: string, 
/**
 * Its lines, the oldest first.
 */
lines: Array<LogLine>, } } | { "event": "step_log", "of": { 
/**
 * The step.
 */
of: StepOf, 
/**
 * Its lines, the oldest first.
 */
lines: Array<LogLine>, } } | { "event": "trial_unready", "of": { 
/**
 * The trial.
 */
of: TrialOf, 
/**
 * Those others.
 */
unready: Array<string>, } } | { "event": "trial_log", "of": { 
/**
 * The trial.
 */
of: TrialOf, 
/**
 * Its lines, the oldest first.
 */
lines: Array<LogLine>, } } | { "event": "usage", "of": Array<Usage> } | { "event": "relaunching" };

/**
 * The kind of a [`Check`].
 */
export type Kind = "http" | "tcp" | "tls" | "dns" | "ping" | "process" | "command" | "host" | "fleet";

/**
 * Something that the user wants.
 */
export type Ask = { "ask": "check_now", 
/**
 * The monitor.
 */
monitor: string | null, } | { "ask": "pause", 
/**
 * The monitor.
 */
monitor: string, 
/**
 * Until when; until resumed if there is no end.
 */
until: string | null, } | { "ask": "resume", 
/**
 * The monitor.
 */
monitor: string, } | { "ask": "acknowledge", 
/**
 * The monitor.
 */
monitor: string, } | { "ask": "snooze", 
/**
 * The monitor; every one if none is named.
 */
monitor: string | null, 
/**
 * Until when; `None` ends the snooze.
 */
until: string | null, } | { "ask": "start_program", 
/**
 * The program.
 */
program: string, } | { "ask": "stop_program", 
/**
 * The program.
 */
program: string, } | { "ask": "restart_program", 
/**
 * The program.
 */
program: string, } | { "ask": "run_flow", 
/**
 * The flow.
 */
flow: string, } | { "ask": "cancel_run", 
/**
 * The run.
 */
run: RunId, } | { "ask": "approve", 
/**
 * The run.
 */
run: RunId, 
/**
 * The step; the only one that asks if none is named.
 */
step: string | null, 
/**
 * Whether it may.
 */
approved: boolean, 
/**
 * Who answers.
 */
by: AnsweredBy, } | { "ask": "add_instance", 
/**
 * The fleet.
 */
fleet: string, } | { "ask": "remove_instance", 
/**
 * The fleet.
 */
fleet: string, 
/**
 * The instance, by its name or by what the provider calls it.
 */
instance: string, } | { "ask": "drain_instance", 
/**
 * The fleet.
 */
fleet: string, 
/**
 * The instance, by its name or by what the provider calls it.
 */
instance: string, } | { "ask": "protect_instance", 
/**
 * The fleet.
 */
fleet: string, 
/**
 * The instance, by its name or by what the provider calls it.
 */
instance: string, 
/**
 * Whether it is kept.
 */
protected: boolean, } | { "ask": "adopt_program", 
/**
 * The program.
 */
program: string, 
/**
 * The process.
 */
process: ProcessId, };

/**
 * Who has answered what a step asks.
 */
export type AnsweredBy = { 
/**
 * The user, as the operating system calls them: known by their connection, whatever a client says.
 */
user?: string, 
/**
 * Where, as the client says.
 */
from?: AnsweredFrom, };

/**
 * Where somebody may answer.
 */
export type AnsweredFrom = "window" | "tray" | "command_line";

/**
 * How a process ended. [`crate::words::Words::exit`] says what it means.
 */
export type Exit = { "exit": "code", "of": number } | { "exit": "signal", "of": number } | { "exit": "unseen" };

/**
 * How far a message has come.
 */
export type Delivery = { "state": "waiting", 
/**
 * How many tries have failed.
 */
failed: number, 
/**
 * Why the last one did.
 */
error: string | null, 
/**
 * Whether the receiver may have got it all the same, so that it must stay as it is.
 */
perhaps_received: boolean, } | { "state": "sending", 
/**
 * How many tries have failed before.
 */
failed: number, 
/**
 * Whether the receiver may have got it at one of those.
 */
perhaps_received: boolean, } | { "state": "delivered", 
/**
 * When.
 */
at: string, } | { "state": "merged", 
/**
 * The other message.
 */
into: MessageId, } | { "state": "withdrawn", 
/**
 * When.
 */
at: string, } | { "state": "abandoned", 
/**
 * When.
 */
at: string, 
/**
 * Why the last try failed.
 */
error: string, };

/**
 * A monitor's state.
 */
export type Health = "unknown" | "up" | "suspect" | "down" | "recovering" | "paused";

/**
 * How well a monitor or a program is.
 */
export type Standing = "down" | "doubtful" | "recovering" | "unknown" | "well" | "idle";

/**
 * An incident's number, unique in a data folder.
 */
export type IncidentId = number;

/**
 * A message's number, unique in a data folder.
 */
export type MessageId = number;

/**
 * How far a target is, and so which part of the own network a probe of it needs.
 */
export type Scope = "machine" | "local_net" | "internet";

/**
 * A stage of a probe, in the order in which they happen.
 */
export type Phase = "dns" | "connect" | "tls" | "send" | "first_byte" | "body" | "run" | "assertion";

/**
 * What a probe says of its target.
 */
export type Verdict = "up" | "down" | "inconclusive";

/**
 * Something to be told of in time: the target is up, but not for long.
 */
export type Warning = { "kind": "certificate_expires", 
/**
 * Whose certificate it is.
 */
subject: string, 
/**
 * Its last moment.
 */
not_after: string, };

/**
 * A process, so that nobody can be taken for it: a pid means nothing without its start time.
 */
export type ProcessId = { 
/**
 * Its number.
 */
pid: number, 
/**
 * When it started, in the system's own units: clock ticks since boot on Linux, a FILETIME on Windows. It is written
 * as text, for a FILETIME is more than JavaScript can count.
 */
started: string, };

/**
 * How a program stands.
 */
export type ProgramState = "looking" | "stopped" | "finished" | "waiting" | "starting" | "running" | "stopping" | "backoff" | "cooling" | "cannot_start";

/**
 * How an instance stands.
 */
export type InstanceState = "launching" | "booting" | "running" | "suspect" | "lost" | "failed" | "draining" | "terminating" | "gone";

/**
 * How a run stands.
 */
export type RunState = "queued" | "running" | "waiting_for_approval" | "succeeded" | "failed" | "timed_out" | "cancelled" | "crashed" | "skipped" | "suppressed";

/**
 * How a step of a run stands.
 */
export type StepState = "scheduled" | "running" | "waiting_for_approval" | "retrying" | "succeeded" | "failed" | "timed_out" | "cancelled" | "skipped" | "indeterminate";

/**
 * The number of a run of a flow, unique in a data folder.
 */
export type RunId = number;

/**
 * The number of a start of a program; each start has a higher one than those before.
 */
export type StartId = number;

/**
 * A language that Estatus speaks.
 */
export type Language = "en" | "es";

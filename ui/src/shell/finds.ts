import type { IncidentState, MonitorState, ProgramStatus } from "../contract";
import { i18n, t } from "../i18n/i18n.svelte";
import type { IconName } from "../parts/Icon.svelte";
import type { Deed, Find, Things } from "../state/finder";
import { runMark } from "../state/flows";
import { enter } from "../state/enter.svelte";
import { changeLook, look } from "../state/look.svelte";
import { maintain, maintenanceSpans } from "../state/maintenance";
import { acknowledge, check, pause, resume, snooze } from "../state/monitor";
import { lines, setup } from "../state/pasted";
import { mark, stoppable, troubled } from "../state/programs";
import { go, type Route } from "../state/route.svelte";
import { runNow } from "../state/runs.svelte";
import { restart, start, stop } from "../state/steering";
import { sought, type SettingsPart } from "../state/sought.svelte";
import { STANDINGS } from "../state/standing";
import { carryOut } from "../state/told.svelte";
import { anHour, spans } from "../state/spans";
import { mayEdit, type World } from "../state/world";
import { page } from "./title";

const place = (to: Route, icon: IconName, kind: string): Find => ({
  id: JSON.stringify(to),
  text: page(to),
  about: "",
  mark: { icon },
  kind,
  choose: () => go(to),
});

const SECTIONS = ["monitor", "program", "flow", "fleet", "channel"] as const;

/** The pages, what can be done with all at once, what can be added and set. */
export function fixed(world: World): Find[] {
  const editing = mayEdit(world);
  const deed = (id: string, icon: IconName, text: string, choose: () => void): Find => ({
    id,
    text,
    about: "",
    mark: { icon },
    kind: t("finder.act"),
    choose,
  });
  return [
    place({ page: "overview" }, "overview", t("finder.page")),
    place({ page: "programs", name: null }, "programs", t("finder.page")),
    place({ page: "flows" }, "flows", t("finder.page")),
    place({ page: "fleets" }, "fleets", t("finder.page")),
    place({ page: "incidents", id: null }, "incidents", t("finder.page")),
    place({ page: "settings" }, "settings", t("finder.page")),
    ...(editing ? [place({ page: "welcome" }, "search", t("finder.page"))] : []),
    ...(editing ? SECTIONS : []).map((section) =>
      place({ page: "edit", section, name: null }, "plus", t("finder.act")),
    ),
    deed("check all", "probe", t("do.check_all"), () =>
      carryOut({ ask: "check_now", monitor: null }, t("done.check_all")),
    ),
    ...(world.engine.snoozed_until
      ? [deed("resume alerts", "bell", t("finder.unsnooze_all"), () => snoozeAll(null))]
      : []),
    ...spans().map(({ text, until }) =>
      deed(`snooze all ${text}`, "snooze", t("finder.snooze_all", { span: within(text) }), () => snoozeAll(until())),
    ),
    ...settings(editing),
    ...looks(),
  ];
}

/** As it stands within a sentence. */
const within = (text: string) => text.charAt(0).toLocaleLowerCase(i18n.locale) + text.slice(1);

function snoozeAll(until: string | null) {
  const done = until ? t("done.snoozed_all", { until: i18n.format.moment(until) }) : t("done.resumed_all");
  void carryOut({ ask: "snooze", monitor: null, until }, done);
}

function settings(editing: boolean): Find[] {
  const parts: SettingsPart[] = [
    "desktop",
    "service",
    ...(editing
      ? (["told", "email", "alerts", "channels", "status_page", "entries", "secrets", "versions"] as const)
      : []),
    "files",
  ];
  const about: Partial<Record<SettingsPart, string>> = {
    desktop: [t("desktop.theme"), t("desktop.density"), t("desktop.language")].join(", "),
    email: "e-mail, SMTP",
    channels: t("settings.channels_text"),
  };
  return parts.map((part) => ({
    id: `settings ${part}`,
    text: `${t("nav.settings")}: ${t(`settings.${part}`)}`,
    about: about[part] ?? "",
    mark: { icon: "settings" },
    kind: t("finder.page"),
    choose() {
      sought.part = part;
      go({ page: "settings" });
    },
  }));
}

function looks(): Find[] {
  const one = (id: string, text: string, choose: () => void): Find => ({
    id,
    text,
    about: t("settings.desktop"),
    mark: { icon: "settings" },
    kind: t("finder.act"),
    choose,
  });
  const themes = (["system", "light", "dark"] as const).filter((theme) => theme !== look.theme);
  const densities = (["comfortable", "compact"] as const).filter((density) => density !== look.density);
  return [
    ...themes.map((theme) =>
      one(`theme ${theme}`, `${t("desktop.theme")}: ${t(`desktop.theme.${theme}`)}`, () => changeLook({ theme })),
    ),
    ...densities.map((density) =>
      one(`density ${density}`, `${t("desktop.density")}: ${t(`desktop.density.${density}`)}`, () =>
        changeLook({ density }),
      ),
    ),
  ];
}

/** All that has a name, and what can be done with it; `past` are incidents that are over. */
export function things(world: World, past: readonly IncidentState[]): Things<unknown>[] {
  return [
    monitors(world),
    programs(world),
    flows(world),
    fleets(world),
    incidents([...world.incidents.values(), ...past.filter(({ id }) => !world.incidents.has(id))]),
  ];
}

/** An address that nothing is called by can be watched from now on. Of a mere word it is not said: it could be meant for anything. */
export function unwatched(text: string, world: World): Find[] {
  const [reading] = lines(text)[0]?.readings ?? [];
  if (!mayEdit(world) || !reading || reading.kind === "process") return [];
  const made = setup([reading], new Set(world.monitors.keys()));
  const choose = async () => {
    if (await enter(made)) go({ page: "monitor", name: made.monitor });
  };
  const { target } = reading;
  return [
    {
      id: `watch ${target}`,
      text: t("finder.watch", { target }),
      about: "",
      mark: { icon: "plus" },
      kind: t(`kind.${reading.kind}`),
      choose: () => void choose(),
    },
  ];
}

/** Of `all`, what wants attention, at most so many. */
export function urgent(all: readonly Things<unknown>[], most = 6): Find[] {
  const found: Find[] = [];
  for (const { all: kind } of all) {
    for (const [, one] of kind) {
      if (one.isUrgent) found.push(one);
      if (found.length === most) return found;
    }
  }
  return found;
}

const edit = <Of extends { name: string }>(section: "monitor" | "program" | "flow" | "fleet"): Deed<Of> => ({
  id: "edit",
  icon: "edit",
  called: (name) => t("edit.title", { name }),
  can: () => true,
  act: ({ name }) => go({ page: "edit", section, name }),
});

function monitors(world: World): Things<MonitorState> {
  const open = new Map([...world.incidents.values()].map((incident) => [incident.monitor, incident]));
  const inOrder = STANDINGS.flatMap((standing) =>
    [...world.monitors.values()].filter((one) => one.standing === standing),
  );
  const { text, until } = anHour();
  const span = within(text);
  return {
    all: inOrder.map((monitor) => [
      monitor,
      {
        id: `monitor ${monitor.name}`,
        text: monitor.name,
        about: [monitor.target, ...monitor.tags].join(" "),
        mark: { health: monitor.health },
        kind: t("overview.monitor"),
        isUrgent: troubled(monitor),
        choose: () => go({ page: "monitor", name: monitor.name }),
      },
    ]),
    deeds: [
      {
        id: "check",
        icon: "probe",
        called: (name) => t("finder.check", { name }),
        can: () => true,
        act: ({ name }) => void check(name),
      },
      {
        id: "acknowledge",
        icon: "check",
        called: (name) => t("finder.acknowledge", { name }),
        can: ({ name }) => open.has(name) && !open.get(name)?.acknowledged,
        act: ({ name }) => void acknowledge(name),
      },
      {
        id: "pause",
        icon: "pause",
        called: (name) => t("finder.pause", { name }),
        can: ({ health }) => health !== "paused",
        act: ({ name }) => void pause(name, null),
      },
      {
        id: "pause an hour",
        icon: "pause",
        called: (name) => t("finder.pause_for", { name, span }),
        can: ({ health }) => health !== "paused",
        act: ({ name }) => void pause(name, until()),
      },
      {
        id: "snooze",
        icon: "snooze",
        called: (name) => t("finder.snooze_for", { name, span }),
        can: ({ snoozed_until }) => !snoozed_until,
        act: ({ name }) => void snooze(name, until()),
      },
      {
        id: "resume",
        icon: "play",
        called: (name) => t("finder.resume", { name }),
        can: ({ health }) => health === "paused",
        act: ({ name }) => void resume(name),
      },
      {
        id: "end snooze",
        icon: "bell",
        called: (name) => t("finder.unsnooze", { name }),
        can: ({ snoozed_until }) => Boolean(snoozed_until),
        act: ({ name }) => void snooze(name, null),
      },
      ...(mayEdit(world) ? [...maintenance(), edit<MonitorState>("monitor")] : []),
    ],
  };
}

/** Maintenance that begins now, for each span. */
const maintenance = (): Deed<MonitorState>[] =>
  maintenanceSpans().map(({ text, minutes }) => ({
    id: `maintain ${minutes}`,
    icon: "wrench",
    called: (name) => t("finder.maintain_for", { name, span: within(text) }),
    can: () => true,
    act: ({ name }) => void maintain([name], minutes),
  }));

function programs(world: World): Things<ProgramStatus> {
  const runs = ({ state }: ProgramStatus) => stoppable(state);
  return {
    all: [...world.programs.values()].map((program) => [
      program,
      {
        id: `program ${program.name}`,
        text: program.name,
        about: program.command,
        mark: { health: mark(program.state) },
        kind: t("finder.program"),
        isUrgent: troubled(program),
        choose: () => go({ page: "programs", name: program.name }),
      },
    ]),
    deeds: [
      {
        id: "restart",
        icon: "restart",
        called: (name) => t("do.restart_named", { name }),
        can: runs,
        act: ({ name }) => void restart(name),
      },
      {
        id: "stop",
        icon: "stop",
        called: (name) => t("finder.stop", { name }),
        can: runs,
        act: ({ name }) => void stop(name),
      },
      {
        id: "start",
        icon: "play",
        called: (name) => t("finder.start", { name }),
        can: (program) => !runs(program),
        act: ({ name }) => void start(name),
      },
      ...(mayEdit(world) ? [edit<ProgramStatus>("program")] : []),
    ],
  };
}

function flows(world: World): Things<{ name: string }> {
  return {
    all: [...world.flows.values()].map((flow) => [
      flow,
      {
        id: `flow ${flow.name}`,
        text: flow.name,
        about: "",
        mark: flow.run ? { health: runMark(flow.run.state) } : { icon: "flows" },
        kind: t("finder.flow"),
        choose: () => go({ page: "flow", name: flow.name }),
      },
    ]),
    deeds: [
      {
        id: "run",
        icon: "play",
        called: (name) => t("finder.run", { name }),
        can: () => true,
        act: ({ name }) => void runNow(name),
      },
      ...(mayEdit(world)
        ? ([
            {
              id: "plan",
              icon: "probe",
              called: (name) => t("plan.title", { name }),
              can: () => true,
              act: ({ name }) => go({ page: "plan", name }),
            },
            edit("flow"),
          ] satisfies Deed<{ name: string }>[])
        : []),
    ],
  };
}

function fleets(world: World): Things<{ name: string }> {
  return {
    all: [...world.fleets.values()].map((fleet) => [
      fleet,
      {
        id: `fleet ${fleet.name}`,
        text: fleet.name,
        about: "",
        mark: { icon: "fleets" },
        kind: t("kind.fleet"),
        isUrgent: troubled(fleet),
        choose: () => go({ page: "fleet", name: fleet.name }),
      },
    ]),
    deeds: mayEdit(world) ? [edit("fleet")] : [],
  };
}

function incidents(all: readonly IncidentState[]): Things<IncidentState> {
  return {
    all: all.map((incident) => [
      incident,
      {
        id: `incident ${incident.id}`,
        text: `${t("incident.title", { id: incident.id })}: ${incident.monitor}`,
        about: `${i18n.format.moment(incident.opened)} ${incident.cause}`,
        mark: { health: incident.closed ? "up" : "down" },
        kind: t(incident.closed ? "incident.closed" : "incident.open"),
        choose: () => go({ page: "incidents", id: incident.id }),
      },
    ]),
    deeds: [],
  };
}

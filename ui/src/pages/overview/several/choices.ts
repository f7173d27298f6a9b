import type { MonitorState } from "../../../contract";
import { counted, i18n, t } from "../../../i18n/i18n.svelte";
import type { Choice } from "../../../parts/Menu.svelte";
import { inMaintenance } from "../../../state/inmaintenance.svelte";
import { maintenanceSpans } from "../../../state/maintenance";
import { askAll } from "../../../state/several";
import { anHour, spans } from "../../../state/spans";
import { mayEdit, type World } from "../../../state/world";

/** What of several monitors is changed in the file, once more is said. */
export type Several = "tags" | "channels" | "interval" | "remove";

/** What can be done with several monitors at once. */
export interface Choices {
  steer: Choice[];
  /** Over spans to choose from, under a title. */
  snooze: Choice[];
  /** The same in a menu with the others: an hour, or no more. */
  snoozes: Choice[];
  /** Likewise: maintenance that begins now, or ends. */
  maintain: Choice[];
  maintains: Choice[];
  edit: Choice[];
}

/** All of them, as one menu. */
export const inOne = ({ steer, snoozes, maintains, edit }: Choices): Choice[] => [
  ...steer,
  ...snoozes,
  ...maintains,
  ...edit,
];

/** What can be done with all of `picked`, of which some are in maintenance; what is to be said more is asked by `open`. */
export function choices(
  picked: readonly MonitorState[],
  world: World,
  maintained: ReadonlyMap<string, string>,
  open: (what: Several) => void,
): Choices {
  const running = picked.filter(({ health }) => health !== "paused").map(({ name }) => name);
  const paused = picked.filter(({ health }) => health === "paused").map(({ name }) => name);
  const snoozed = picked.filter(({ snoozed_until }) => snoozed_until).map(({ name }) => name);
  const names = picked.map(({ name }) => name);
  const end = given([snoozed.length > 0 && { text: t("do.unsnooze"), icon: "bell", act: () => snooze(snoozed, null) }]);
  const under = names.filter((name) => maintained.has(name));
  const ends = given([
    under.length > 0 && {
      text: t("do.end_maintenances"),
      icon: "wrench",
      act: () => void inMaintenance.end(under),
    },
  ]);
  const isMine = mayEdit(world);
  return {
    steer: given([
      running.length > 0 && {
        text: t("do.pause"),
        icon: "pause",
        act: () =>
          void askAll(
            running,
            (monitor) => ({ ask: "pause", monitor, until: null }),
            counted("several.paused", running.length),
          ),
      },
      paused.length > 0 && {
        text: t("do.resume"),
        icon: "play",
        act: () =>
          void askAll(paused, (monitor) => ({ ask: "resume", monitor }), counted("several.resumed", paused.length)),
      },
    ]),
    snooze: [...spans().map(({ text, until }): Choice => ({ text, act: () => snooze(names, until()) })), ...end],
    snoozes: [{ text: t("do.snooze_hour"), icon: "snooze", act: () => snooze(names, anHour().until()) }, ...end],
    maintain: isMine
      ? [
          ...maintenanceSpans().map(({ text, minutes }): Choice => ({
            text,
            act: () => void inMaintenance.begin(names, minutes),
          })),
          ...ends,
        ]
      : [],
    maintains: isMine
      ? [{ text: t("do.maintain_hour"), icon: "wrench", act: () => void inMaintenance.begin(names, 60) }, ...ends]
      : [],
    edit: isMine
      ? [
          { text: t("do.tags"), icon: "tag", act: () => open("tags") },
          { text: t("do.channels"), icon: "mail", act: () => open("channels") },
          { text: t("do.interval"), icon: "clock", act: () => open("interval") },
          { text: t("do.remove_several"), icon: "trash", danger: true, act: () => open("remove") },
        ]
      : [],
  };
}

function snooze(names: readonly string[], until: string | null) {
  const done = until
    ? counted("several.snoozed", names.length, { until: i18n.format.moment(until) })
    : counted("several.unsnoozed", names.length);
  void askAll(names, (monitor) => ({ ask: "snooze", monitor, until }), done);
}

const given = (all: (Choice | false)[]): Choice[] => all.filter((choice) => choice !== false);

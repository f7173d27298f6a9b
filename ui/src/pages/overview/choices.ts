import type { MonitorState } from "../../contract";
import { i18n, t } from "../../i18n/i18n.svelte";
import type { Choice } from "../../parts/Menu.svelte";
import type { Table } from "../../forms/fields";
import { askConfiguration, askEntryText } from "../../state/ask";
import { copy, copyLater } from "../../state/copy";
import { curl } from "../../state/curl";
import { openOutside } from "../../state/desktop.svelte";
import { inMaintenance } from "../../state/inmaintenance.svelte";
import { acknowledge, check, pause, resume, snooze } from "../../state/monitor";
import { go } from "../../state/route.svelte";
import { anHour } from "../../state/spans";
import { mayEdit, type World } from "../../state/world";

/** What can be done about a monitor at its row, which is in maintenance until `until` if it is; it is removed by `remove`. */
export function choices(monitor: MonitorState, world: World, until: string | undefined, remove: () => void): Choice[] {
  const { name, target } = monitor;
  const isOpen = [...world.incidents.values()].some((open) => open.monitor === name && !open.acknowledged);
  const isPage = /^https?:\/\//.test(target);
  const made: (Choice | false)[] = [
    { text: t("do.check"), icon: "probe", act: () => void check(name) },
    isOpen && { text: t("do.acknowledge"), icon: "check", act: () => void acknowledge(name) },
    monitor.snoozed_until
      ? { text: t("do.unsnooze"), icon: "bell", act: () => void snooze(name, null) }
      : { text: t("do.snooze_hour"), icon: "snooze", act: () => void snooze(name, anHour().until()) },
    monitor.health === "paused"
      ? { text: t("do.resume"), icon: "play", act: () => void resume(name) }
      : { text: t("do.pause"), icon: "pause", act: () => void pause(name, null) },
    mayEdit(world) &&
      (until
        ? {
            text: t("do.end_maintenance", { until: i18n.format.moment(until) }),
            icon: "wrench",
            act: () => void inMaintenance.end([name]),
          }
        : { text: t("do.maintain_hour"), icon: "wrench", act: () => void inMaintenance.begin([name], 60) }),
    isPage && { text: t("do.open_page"), icon: "outside", act: () => void openOutside(target) },
    { text: t("do.copy_target"), icon: "copy", act: () => void copy(target) },
    mayEdit(world) && {
      text: t("do.copy_toml"),
      icon: "copy",
      act: () => void copyLater(askEntryText("monitor", name)),
    },
    mayEdit(world) &&
      monitor.kind === "http" && { text: t("do.copy_curl"), icon: "copy", act: () => void copyLater(curlOf(name)) },
    mayEdit(world) && { text: t("do.edit"), icon: "edit", act: () => go({ page: "edit", section: "monitor", name }) },
    mayEdit(world) && {
      text: t("do.duplicate"),
      icon: "plus",
      act: () => go({ page: "edit", section: "monitor", name: null, from: name }),
    },
    mayEdit(world) && { text: t("do.remove"), icon: "trash", danger: true, act: remove },
  ];
  return made.filter((choice) => choice !== false);
}

async function curlOf(name: string): Promise<string> {
  const { tables } = await askConfiguration();
  const table = ((tables.monitor ?? []) as Table[]).find((table) => table.name === name);
  if (!table) throw new Error(t("edit.none", { name }));
  return curl(table);
}

import { backend } from "#backend";
import type { ServiceFinding, ServiceState, SwitchEnd } from "../backend/backend";
import { i18n, t } from "../i18n/i18n.svelte";
import { Answer } from "./answer.svelte";
import { reason } from "./ask";

/** The service of the operating system: how it is, and how it is switched. */
export class Service {
  readonly state = new Answer<ServiceState>();
  /** What would be different for a service that is not there yet. */
  readonly findings = new Answer<ServiceFinding[]>();
  /** What it is being switched to, while that lasts. */
  switchingTo = $state<boolean | null>(null);

  /** Looks how it is. */
  look = () => this.state.ask(() => backend.service());

  /** Looks what would be different, and has it told in the language that is spoken now. */
  examine() {
    const { language } = i18n;
    this.findings.forget();
    return this.findings.ask(() => backend.examineService(language));
  }

  /** Switches it, and looks how it is then. */
  async switch(on: boolean): Promise<SwitchEnd> {
    this.switchingTo = on;
    try {
      return await backend.switchService(on);
    } catch (error) {
      return { ended: "failed", why: reason(error) };
    } finally {
      await this.look();
      this.switchingTo = null;
    }
  }
}

/** Why it could not be switched, in words; nothing if it was. */
export function obstacle(end: SwitchEnd): string | null {
  switch (end.ended) {
    case "done":
      return null;
    case "dismissed":
      return t("service.dismissed");
    case "not_allowed":
      return t("service.not_allowed");
    case "failed":
      return end.why;
    case "failed_on_console":
      return t("service.on_console");
  }
}

/** Whether whoever looks may switch it: one that is there is theirs, or the system asks for who may. */
export const maySwitch = ({ installed, switching }: ServiceState, mayEdit: boolean): boolean =>
  (switching.by === "user" || switching.by === "administrator") && (installed || mayEdit);

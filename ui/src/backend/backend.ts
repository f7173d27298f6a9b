import type { Event, Hello, Reply, Request } from "../contract";

/** Where everything comes from that this window shows. */
export interface Backend {
  /** Asks the engine. Rejects with an `ApiError`. */
  request(request: Request): Promise<Reply>;
  /**
   * Hears what happens from now on, until the returned function is called. A lost engine is looked for again and again;
   * once it is back, there is another hello.
   */
  subscribe(heard: (heard: Heard) => void): () => void;
  /** Opens a web page, or the folder of a file, outside of this window. */
  open(url: string): Promise<void>;
  /** What belongs to this desktop, not to the engine. */
  settings(): Promise<DesktopSettings>;
  /** Changes what is named; answers with all of it. */
  change(settings: Partial<DesktopSettings>): Promise<DesktopSettings>;
}

/** What comes unasked. */
export type Heard =
  | { heard: "hello"; hello: Hello }
  | { heard: "event"; event: Event }
  | { heard: "lost"; why: string }
  | { heard: "open"; page: string };

/** What belongs to this desktop. */
export interface DesktopSettings {
  /** Whether Estatus starts when its user logs in. */
  start_at_login: boolean;
  /** Whether it shows notifications. */
  notifications: boolean;
  /** Why it cannot show any, in English. */
  notification_trouble: string | null;
  /** The language of the window and the tray. */
  language: "system" | "en" | "es";
}

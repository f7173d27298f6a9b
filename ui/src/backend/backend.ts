import type { Event, Hello, Language, Reply, Request } from "../contract";

/** Where everything comes from that this window shows. */
export interface Backend {
  /** Asks the engine. Rejects with an `ApiError`. */
  request(request: Request): Promise<Reply>;
  /**
   * Hears what happens from now on, until the returned function is called. A lost engine is looked for again and again;
   * once it is back, there is another hello.
   */
  subscribe(heard: (heard: Heard) => void): () => void;
  /** Gives the frame around the page this theme; the system's for `null`. */
  theme(theme: "light" | "dark" | null): void;
  /** Opens a web page, or the folder of a file, outside of this window. */
  open(url: string): Promise<void>;
  /** Has the person choose a file or a folder; nothing if it is not done. */
  choose(dialog: FileDialog): Promise<Chosen | null>;
  /**
   * Saves a text, piece by piece, in the folder for downloads, in a file of this name or, if there is one already, of a name
   * beside it. Answers with its place.
   */
  save(name: string, pieces: AsyncIterable<string>): Promise<string>;
  /** What belongs to this desktop, not to the engine. */
  settings(): Promise<DesktopSettings>;
  /** Changes what is named; answers with all of it. */
  change(settings: Partial<DesktopSettings>): Promise<DesktopSettings>;
  /** How the service of the operating system is. */
  service(): Promise<ServiceState>;
  /** What would be different for a service, the problems first, in this language. */
  examineService(language: Language): Promise<ServiceFinding[]>;
  /** Installs the service, or removes it. */
  switchService(on: boolean): Promise<SwitchEnd>;
}

/** What is to be chosen. */
export type Wanted = "file" | "folder";

/** A dialog of the system's in which one is chosen. */
export interface FileDialog {
  wanted: Wanted;
  title: string;
  /** What its buttons say, where the system leaves that to us. */
  accept: string;
  cancel: string;
  /** What is to be chosen anew: the dialog begins in its folder if it is a path. */
  near: string | null;
}

/** A file or a folder that was chosen, or dropped. */
export interface Chosen {
  path: string;
  is_folder: boolean;
  /** Whether the system runs it as it is. */
  is_program: boolean;
  /** What stands in a `package.json`, if that was chosen, or lies in the folder that was. */
  package: string | null;
}

/** How the service of the operating system is, and what it takes to switch it. */
export interface ServiceState {
  installed: boolean;
  /** Whether it starts at boot. */
  enabled: boolean;
  running: boolean;
  /** As whom it runs. */
  account: string | null;
  /** Whose it is or, where there is none, would be. */
  whose: "machine" | "user";
  switching: Switching;
  /** Whether programs keep running when it is switched on. */
  keeps_programs: boolean;
}

/** What it takes to switch the service: nothing more; an administrator, for whom the system asks; the same, by a command that has to be typed; somebody else. */
export type Switching =
  { by: "user" } | { by: "administrator" } | { by: "command"; command: string } | { by: "others" };

/** Something that would be different for a service. */
export interface ServiceFinding {
  /** Whether something has to be done about it. */
  problem: boolean;
  about: string;
  what: string;
  remedy: string;
}

/** How switching the service has ended; what went wrong is told in English, or on a console of its own. */
export type SwitchEnd =
  | { ended: "done" }
  | { ended: "dismissed" }
  | { ended: "not_allowed" }
  | { ended: "failed"; why: string }
  | { ended: "failed_on_console" };

/** What comes unasked. */
export type Heard =
  | { heard: "hello"; hello: Hello }
  | { heard: "event"; event: Event }
  | { heard: "lost"; why: string }
  | { heard: "dragged"; over: boolean }
  | { heard: "dropped"; chosen: Chosen }
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

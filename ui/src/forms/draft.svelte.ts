import { SvelteSet } from "svelte/reactivity";
import type { ConfigProblem, Configuration, Edit } from "../contract";
import { t } from "../i18n/i18n.svelte";
import { askConfiguration, askEdit, reason } from "../state/ask";
import { type Field, type Group, id, type Table, type Values } from "./fields";
import { read, said } from "./shapes";
import { secrets } from "../state/secrets.svelte";
import type { Naming } from "./naming";
import { type Entered, forgotten, isEntered, lacksSecret, named } from "./secrets";
import { get, isShown, readTable, same } from "./table";

/** After so long without a keystroke the engine is asked what it thinks, in milliseconds. */
const PAUSE_MS = 250;

/** What a form needs to know of what it edits. */
export interface Subject {
  groups: readonly Group[];
  /** As it stands in the file. */
  table: Table;
  /** Values beside those of the fields. */
  more?: Values;
  /** The fields that are there because of what stands in the one called `of`. */
  inner?: { of: string; fields: (values: Values) => readonly Field[] };
  /** What fields hold from the beginning that does not stand in the file: those of a copy. */
  given?: Values;
  /** What fields hold that nobody has filled in, after what stands in the others; only of what is new. */
  proposed?: (values: Values) => Values;
  /** The time zone of the file, where it names one. */
  zone?: string;
  /** How the secrets are called that are entered. */
  naming: Naming;
  /** The changes that `values` ask of the file. */
  edits: (values: Values) => Edit[];
  /** The keys within the form that the path of a problem leads to; nothing if it is about something else. */
  own: (path: readonly string[]) => readonly string[] | null;
}

/** A place of the file that a form is for. */
export interface Edited {
  /** What no other place is called. */
  key: string;
  /** What there is to edit of it in `configuration`; nothing if it is not there. */
  find: (configuration: Configuration) => Subject | null;
  /** What there is to edit where it is to be added anew; only of what has a name. */
  anew?: (configuration: Configuration) => Subject | null;
}

/** A form that is being filled in. */
export class Draft {
  values = $state<Values>({});
  /** What the engine says is wrong. */
  problems = $state.raw<ConfigProblem[]>([]);
  /** Why the engine could not be asked. */
  trouble = $state<string | null>(null);
  saving = $state(false);
  /** The version of the file that was saved last, for it to be undone. */
  version = $state.raw<number | null>(null);
  /** Whether the file was changed elsewhere since something was typed. */
  overtaken = $state(false);
  /** Whether it was taken out of the file since something was typed. */
  gone = $state(false);
  /** The fields that were typed into here and say something new in the file as well, by their ids. */
  readonly apart = new SvelteSet<string>();
  subject: Subject = $state.raw() as Subject;
  private touched = $state.raw<ReadonlySet<string>>(new Set());
  private asked = $state(false);
  /** What stood in the file when this form last looked. */
  private first = $state.raw<Values>({});
  private timer: ReturnType<typeof setTimeout> | undefined;
  private number = 0;

  /** A form of `edited` with what stands in the file. */
  constructor(
    readonly edited: Edited,
    subject: Subject,
  ) {
    this.subject = subject;
    this.first = written(subject);
    this.values = { ...written(subject), ...structuredClone(subject.given) };
  }

  get fields(): readonly Field[] {
    const { groups, inner } = this.subject;
    return [...groups.flatMap((group) => group.fields), ...(inner?.fields(this.values) ?? [])];
  }

  get isChanged(): boolean {
    return Object.keys(this.first).some((key) => this.isTyped(key));
  }

  /** Goes on upon the file as it is now: what was typed stays, the rest is what the file says. */
  follow(configuration: Configuration) {
    // What cannot be read says nothing.
    if (configuration.problems.length > 0 && Object.keys(configuration.tables).length === 0) return;
    const found = this.edited.find(configuration);
    if (found) return this.rebase(found);
    const anew = this.edited.anew?.(configuration);
    if (!anew || !this.isChanged) return;
    // All of it is kept, to be added as a whole.
    Object.assign(this, { gone: true, subject: anew, first: written(anew) });
    this.apart.clear();
  }

  private rebase(subject: Subject) {
    const now = written(subject);
    const [before, changed] = [this.first, this.isChanged];
    // Where something was typed into what is there no more, it stays.
    const lost = Object.keys(before).some((key) => !(key in now) && this.isTyped(key)) ? subject.inner?.of : undefined;
    for (const [key, value] of Object.entries(now)) {
      const typed = this.values[key];
      const isNew = before[key] === undefined || !same(value, before[key]);
      if (typed === undefined || (!this.gone && !this.isTyped(key) && key !== lost)) {
        if (typed === undefined || isNew) this.values[key] = structuredClone(value);
      } else if (same(typed, value)) this.apart.delete(key);
      else if (isNew) this.apart.add(key);
      if (isNew && changed) this.overtaken = true;
    }
    Object.assign(this, { subject, first: now, gone: false });
    if (!this.isChanged) this.settle();
  }

  /** Takes back what was typed. */
  discard() {
    this.close();
    Object.assign(this, { values: structuredClone(this.first), problems: [], trouble: null, asked: false });
    this.touched = new Set();
    this.settle();
  }

  /** What the file says now of a field that was typed into here as well, if that is so. */
  saysNow(field: Field): string | null {
    if (!this.apart.has(id(field))) return null;
    return said(field.shape, get(this.subject.table, field.path));
  }

  private isTyped(key: string): boolean {
    return !same(this.values[key] ?? "", this.first[key] ?? "");
  }

  private settle() {
    this.overtaken = false;
    this.apart.clear();
  }

  get edits(): Edit[] {
    return this.unsaved.edits;
  }

  /** The changes that are typed in just now, and the secrets among them, which are stored only when it is saved. */
  get unsaved(): { edits: Edit[]; secrets: Entered[] } {
    const { values, entered } = this.named;
    return { edits: this.subject.edits(values), secrets: entered };
  }

  /** The engine has found this wrong with it, of which its user wants to know all. */
  find(problems: ConfigProblem[]) {
    this.close();
    Object.assign(this, { problems, trouble: null, asked: true });
  }

  /** What is typed in as the file is to have it. A secret in a field that makes no sense any more is none of it. */
  private get named() {
    const values = this.typed;
    const shown = this.fields.filter((field) => isShown(field, values));
    return named(values, shown, this.subject.naming);
  }

  /** What is typed in just now. */
  get typed(): Values {
    return $state.snapshot(this.values) as Values;
  }

  /** Something was typed into the field with this id. */
  touch(field: string) {
    this.touched = new Set([...this.touched, field]);
    this.propose();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), PAUSE_MS);
  }

  private propose() {
    for (const [key, value] of Object.entries(this.subject.proposed?.(this.values) ?? {})) {
      if (!this.touched.has(key)) this.values[key] = value;
    }
  }

  /** Its page is left: secrets that were typed in and not saved are kept nowhere. */
  forget() {
    this.close();
    if (isEntered(this.values, this.fields)) this.values = forgotten(this.typed, this.fields, this.first);
  }

  /** Nothing is asked any more. */
  close() {
    clearTimeout(this.timer);
    this.number += 1;
  }

  /** What is wrong with `field`, as far as its user has come to it. */
  wrong(field: Field): string[] {
    const key = id(field);
    const told = this.toldOf(field.path, (other) => other === key).map((problem) => problem.message);
    // The engine speaks of how a secret is written in the file, which nobody here has to know.
    return told.length > 0 && lacksSecret(field, this.values[key]) ? [t("secret.wanted")] : told;
  }

  /** How many things are wrong with the field at `path` and with those below it, as far as its user has come to them. */
  wrongBelow(path: readonly string[]): number {
    const key = id({ path });
    return this.toldOf(path, (other) => other === key || other.startsWith(`${key}.`)).length;
  }

  /** The problems around `path` whose field is wanted by its id. */
  private toldOf(path: readonly string[], wants: (id: string) => boolean): ConfigProblem[] {
    return this.problems.filter((problem) => {
      const own = this.subject.own(problem.path);
      if (own === null || !startsLike(path, own)) return false;
      const field = this.fieldOf(problem);
      const key = field && id(field);
      return key !== undefined && wants(key) && (this.asked || this.touched.has(key));
    });
  }

  /** What is wrong and belongs to no field of the form. */
  get elsewhere(): ConfigProblem[] {
    return this.problems.filter((problem) => {
      const own = this.subject.own(problem.path);
      return own === null || (this.asked && this.fieldOf(problem) === undefined);
    });
  }

  /** Saves it; true if it is in the file now. What was changed elsewhere and is not seen yet is shown first. */
  async save(): Promise<boolean> {
    this.asked = true;
    this.saving = true;
    clearTimeout(this.timer);
    const isNews = await this.catchUp();
    const isKept = !isNews && (await this.keepSecrets());
    const saved = this.typed;
    const isSaved = isKept && (await this.look(true));
    this.saving = false;
    if (!isSaved) return false;
    this.first = saved;
    this.settle();
    return true;
  }

  /** Stores the secrets that were typed in, if nothing else is wrong: the file is to name none that is not there. */
  private async keepSecrets(): Promise<boolean> {
    const { values, entered } = this.named;
    if (entered.length === 0) return true;
    if (!(await this.look())) return false;
    try {
      for (const { name, value } of entered) await secrets.store(name, value);
    } catch (error) {
      this.trouble = reason(error);
      return false;
    }
    this.values = values;
    return true;
  }

  /** Reads the file once more; true if it says something that whoever saves should know. */
  private async catchUp(): Promise<boolean> {
    const [apart, gone] = [this.apart.size, this.gone];
    try {
      this.follow(await askConfiguration());
    } catch (error) {
      this.trouble = reason(error);
      return true;
    }
    return this.apart.size > apart || this.gone !== gone;
  }

  /** Whether a field of `group` holds something that is not the usual. */
  holds(group: Pick<Group, "fields">): boolean {
    const says = (field: Field) => {
      const value = this.values[id(field)];
      return value !== undefined && !same(value, read(field.shape, undefined));
    };
    return group.fields.some(
      (field) => get(this.subject.table, field.path) !== undefined || says(field) || this.wrong(field).length > 0,
    );
  }

  /**
   * Asks the engine what it thinks, or to save it: whether it has nothing against it. What has become of the file is told whatever is typed
   * meanwhile; what is only thought of it, unless something newer is asked.
   */
  private async look(save = false): Promise<boolean> {
    const number = (this.number += 1);
    const isNews = () => save || number === this.number;
    try {
      const { problems, version = null } = await askEdit(this.edits, save);
      if (isNews()) Object.assign(this, { problems, trouble: null, ...(save && { version }) });
      return problems.length === 0;
    } catch (error) {
      if (isNews()) this.trouble = reason(error);
      return false;
    }
  }

  /** The field that `problem` is about: the one whose keys fit best. */
  private fieldOf(problem: ConfigProblem): Field | undefined {
    const own = this.subject.own(problem.path);
    if (own === null || own.length === 0) return undefined;
    const fits = this.fields.filter((field) => isShown(field, this.values) && startsLike(field.path, own));
    const exact = fits.find((field) => field.path.length === own.length);
    return exact ?? fits.sort((one, other) => other.path.length - one.path.length)[0];
  }
}

/** The values of a form that nobody has touched. */
function written({ groups, table, more }: Subject): Values {
  const fields = groups.flatMap((group) => group.fields);
  return { ...readTable(fields, table), ...more };
}

/** Whether one of the two paths begins with all of the other. */
function startsLike(one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length);
  return one.slice(0, length).every((key, index) => key === other[index]);
}

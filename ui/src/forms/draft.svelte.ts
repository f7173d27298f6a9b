import type { ConfigProblem, Edit } from "../contract";
import { askEdit, reason } from "../state/ask";
import { Bounded } from "../state/bounded";
import { type Field, type Group, id, type Table, type Values } from "./fields";
import { get, isShown, readTable } from "./table";

/** After so long without a keystroke the engine is asked what it thinks, in milliseconds. */
const PAUSE_MS = 250;

/** What a form needs to know of what it edits. */
export interface Subject {
  groups: readonly Group[];
  /** As it stands in the file. */
  table: Table;
  /** Values beside those of the fields. */
  more?: Values;
  /** The changes that `values` ask of the file. */
  edits: (values: Values) => Edit[];
  /** The keys within the form that the path of a problem leads to; nothing if it is about something else. */
  own: (path: readonly string[]) => readonly string[] | null;
}

/** What was typed into forms that were left before they were saved, by section and name. */
export const left = new Bounded<string, Values>(20);

/** A form that is being filled in. */
export class Draft {
  values = $state<Values>({});
  /** What the engine says is wrong. */
  problems = $state.raw<ConfigProblem[]>([]);
  /** Why the engine could not be asked. */
  trouble = $state<string | null>(null);
  saving = $state(false);
  readonly fields: readonly Field[];
  private touched = $state.raw<ReadonlySet<string>>(new Set());
  private asked = $state(false);
  private first: string;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private number = 0;

  /** A form with what stands in the file, or with the `typed` values of one that was left before it was saved. */
  constructor(
    readonly subject: Subject,
    typed?: Values,
  ) {
    this.fields = subject.groups.flatMap((group) => group.fields);
    const written = { ...readTable(this.fields, subject.table), ...subject.more };
    this.first = JSON.stringify(written);
    this.values = typed ?? written;
  }

  get isChanged(): boolean {
    return JSON.stringify(this.values) !== this.first;
  }

  get edits(): Edit[] {
    return this.subject.edits(this.typed);
  }

  /** What is typed in just now. */
  get typed(): Values {
    return $state.snapshot(this.values) as Values;
  }

  /** Something was typed into the field with this id. */
  touch(field: string) {
    this.touched = new Set([...this.touched, field]);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), PAUSE_MS);
  }

  /** Nothing is asked any more. */
  close() {
    clearTimeout(this.timer);
    this.number += 1;
  }

  /** What is wrong with `field`, as far as its user has come to it. */
  wrong(field: Field): string[] {
    if (!this.asked && !this.touched.has(id(field))) return [];
    return this.problems.filter((problem) => this.fieldOf(problem) === field).map((problem) => problem.message);
  }

  /** What is wrong and belongs to no field of the form. */
  get elsewhere(): ConfigProblem[] {
    return this.problems.filter((problem) => {
      const own = this.subject.own(problem.path);
      return own === null || (this.asked && this.fieldOf(problem) === undefined);
    });
  }

  /** Saves it; true if it is in the file now. */
  async save(): Promise<boolean> {
    this.asked = true;
    this.saving = true;
    clearTimeout(this.timer);
    await this.look(true);
    this.saving = false;
    return this.trouble === null && this.problems.length === 0;
  }

  /** Whether a field of `group` holds something that is not the usual. */
  holds(group: Group): boolean {
    return group.fields.some(
      (field) => get(this.subject.table, field.path) !== undefined || this.wrong(field).length > 0,
    );
  }

  private async look(save = false) {
    const number = (this.number += 1);
    try {
      const problems = await askEdit(this.edits, save);
      if (number === this.number) Object.assign(this, { problems, trouble: null });
    } catch (error) {
      if (number === this.number) this.trouble = reason(error);
    }
  }

  /** The field that `problem` is about: the one whose keys fit best. */
  private fieldOf(problem: ConfigProblem): Field | undefined {
    const own = this.subject.own(problem.path);
    if (own === null || own.length === 0) return undefined;
    const fits = this.fields.filter((field) => isShown(field, this.values) && startsLike(field.path, own));
    return fits.sort((one, other) => other.path.length - one.path.length)[0];
  }
}

/** Whether one of the two paths begins with all of the other. */
function startsLike(one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length);
  return one.slice(0, length).every((key, index) => key === other[index]);
}

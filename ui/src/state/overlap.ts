import type { LogLine } from "../contract";

const same = (one: LogLine, other: LogLine) =>
  one.at === other.at && one.text === other.text && one.stream === other.stream;

/** What of `heard` is not already at the end of `read`. */
export function unread(read: readonly LogLine[], heard: readonly LogLine[]): LogLine[] {
  for (let length = Math.min(read.length, heard.length); length > 0; length -= 1) {
    const end = read.slice(-length);
    if (end.every((line, index) => same(line, heard[index] as LogLine))) return heard.slice(length);
  }
  return [...heard];
}

/** The row that `key` leads to from row `index` of `count`; nothing if the key leads nowhere. */
export function step(key: string, index: number, count: number, page: number): number | null {
  const to = target(key, index, count, page);
  return to === null || count === 0 ? null : Math.max(0, Math.min(count - 1, to));
}

function target(key: string, index: number, count: number, page: number): number | null {
  switch (key) {
    case "ArrowDown":
    case "j":
      return index + 1;
    case "ArrowUp":
    case "k":
      return index - 1;
    case "PageDown":
      return index + page;
    case "PageUp":
      return index - page;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

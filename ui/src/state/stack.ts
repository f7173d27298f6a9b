/** Where rows stand that lie on each other, in units of the least height of one. */
export interface Stack {
  /** How high all of them are. */
  readonly total: number;
  /** Where a row begins; of the one after the last, where that ends. */
  top(index: number): number;
  /** The row at this height. */
  at(height: number): number;
}

/** `count` rows of one unit each. */
export const even = (count: number): Stack => ({ total: count, top: (index) => index, at: Math.floor });

/** Rows of these heights. */
export function uneven(heights: readonly number[]): Stack {
  const tops = new Float64Array(heights.length + 1);
  heights.forEach((height, index) => (tops[index + 1] = (tops[index] ?? 0) + height));
  const top = (index: number) => tops[Math.max(0, Math.min(index, heights.length))] ?? 0;
  return {
    total: top(heights.length),
    top,
    at(height) {
      let [low, high] = [0, heights.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (top(middle + 1) <= height) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

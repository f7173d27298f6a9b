/** The path of a small line through `values`, from the left to the right; where there is none it is broken. */
export function linePath(values: readonly (number | null | undefined)[], width: number, height: number): string {
  const known = values.filter((value): value is number => value != null);
  if (known.length === 0) return "";
  const top = Math.max(...known) * 1.1 || 1;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let pen = "M";
  const commands = values.map((value, index) => {
    if (value == null) {
      pen = "M";
      return "";
    }
    const command = `${pen}${(index * step).toFixed(1)} ${(height - (value / top) * (height - 2) - 1).toFixed(1)}`;
    pen = "L";
    return command;
  });
  return commands.join("");
}

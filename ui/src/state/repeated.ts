/** Questions follow each other no sooner than this, in milliseconds, whatever happens. */
export const LEAST_MS = 250;

/** A question that is asked again and again while somebody wants to know: never twice at once. */
export class Repeated {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isWanted = false;
  private isAsking = false;
  private isAgain = false;
  private asked = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly ask: () => Promise<void>,
    /** So long after an answer it is asked again, in milliseconds. */
    private readonly every: () => number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Asks from now on, until the returned function is called. */
  start(): () => void {
    this.isWanted = true;
    this.again();
    return () => {
      this.isWanted = false;
      clearTimeout(this.timer);
    };
  }

  /** Something happened: it is asked at once, or once more when the answer is there that is awaited. */
  again() {
    if (this.isAsking) this.isAgain = true;
    else this.wait(this.asked + LEAST_MS - this.now());
  }

  private wait(ms: number) {
    clearTimeout(this.timer);
    if (this.isWanted) this.timer = setTimeout(() => void this.go(), Math.max(0, ms));
  }

  private async go() {
    this.asked = this.now();
    this.isAsking = true;
    await this.ask();
    this.isAsking = false;
    const isAgain = this.isAgain;
    this.isAgain = false;
    this.wait(isAgain ? this.asked + LEAST_MS - this.now() : this.every());
  }
}

import { isWrong, reason } from "./ask";

/**
 * The answer to a question that is asked again and again. The last one stays until there is a newer one, so that nothing
 * blinks; an answer to an older question is ignored.
 */
export class Answer<Value> {
  value = $state.raw<Value>();
  error = $state<string | null>(null);
  /** Whether the question is what is wrong: asked once more it gets the same answer. */
  isWrong = $state(false);
  private question: (() => Promise<Value>) | undefined;
  private number = 0;

  /** Asks `question`, or the one before once more. */
  async ask(question = this.question) {
    if (!question) return;
    this.question = question;
    const number = (this.number += 1);
    try {
      const value = await question();
      if (number === this.number) Object.assign(this, { value, error: null, isWrong: false });
    } catch (error) {
      if (number === this.number) Object.assign(this, { error: reason(error), isWrong: isWrong(error) });
    }
  }

  /** Forgets the answer: the next question is about something else. */
  forget() {
    this.number += 1;
    this.value = undefined;
    this.error = null;
    this.isWrong = false;
  }
}

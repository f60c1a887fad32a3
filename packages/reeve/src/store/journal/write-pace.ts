/** Of what was measured before, this part still counts. */
const memory = 0.8
/** From this part of the runs' own time on, writing is worth a thread of its own. */
const worthAThread = 0.5

/**
 * Whether the runs of this process wait for the database rather than for their own code. Another thread then writes one
 * group while the code of the other goes on; where the code takes most of the time, handing rows over costs more than
 * that wins.
 */
export class WritePace {
  /** Of one commit, at the mean (ms); undefined until the first was measured. */
  #writing: number | undefined
  #working: number | undefined

  /** `commits` were written in so long, without what they waited for those before them. */
  wrote(commits: number, ms: number): void {
    this.#writing = mean(this.#writing, ms / commits)
  }

  /** The code of so many runs went on for so long once their commits were written. */
  worked(commits: number, ms: number): void {
    this.#working = mean(this.#working, ms / commits)
  }

  get isBoundByWriting(): boolean {
    return (this.#writing ?? 0) > worthAThread * (this.#working ?? Number.POSITIVE_INFINITY)
  }
}

function mean(before: number | undefined, now: number): number {
  return before === undefined ? now : memory * before + (1 - memory) * now
}

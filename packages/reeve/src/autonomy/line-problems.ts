import { ReeveError } from '../base/errors.ts'

/** What is wrong with a file that a person wrote, each with its line and how to write it. */
export interface LineProblem {
  file: string
  line: number
  problem: string
}

/** All problems of a file, so that a person mends them in one go. */
export class LineProblems {
  readonly #file: string
  readonly found: LineProblem[] = []

  /** @param file as it is shown: relative to the project */
  constructor(file: string) {
    this.#file = file
  }

  add(line: number, problem: string): void {
    this.found.push({ file: this.#file, line, problem })
  }
}

const mostShown = 20

/** @throws `code`, when there are any */
export function refuseProblems(code: string, problems: readonly LineProblem[]): void {
  if (problems.length === 0) return
  const lines = problems.slice(0, mostShown).map(describeProblem)
  const more = problems.length - lines.length
  throw new ReeveError(code, `${lines.join('\n')}${more > 0 ? `\n… and ${more} more` : ''}`, {
    details: { problems: problems.slice(0, mostShown) },
  })
}

function describeProblem({ file, line, problem }: LineProblem): string {
  return `${file}:${line}: ${problem}`
}

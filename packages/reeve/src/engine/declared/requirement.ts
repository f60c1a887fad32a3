import { ReeveError } from '../../base/errors.ts'
import { checkOption, checkOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'

/**
 * What a run must have done before it may end well: an effect, or a hand-over. A model that was fooled can also do harm by
 * doing nothing.
 */
export interface Requirement<Ctx = never, Input = unknown> {
  /**
   * One of these must have come about: the name of a tool whose effect completed, of a workflow of which a child succeeded
   * (or was started to go on by itself), or `person`, for a decision or answer that a person gave.
   */
  oneOf: readonly string[]
  /** Whether it is required of this input. Look at the input alone, so that nothing that read it decides. Default: always. */
  when?(input: Input): boolean
  /**
   * A second source, for a run that would end without: true lets it end. It is worth as much as it is independent: another
   * provider, or a rule, that was not told what the first one said. Default: a person is asked.
   */
  confirm?(ctx: Ctx, input: Input, output: unknown): Promise<boolean> | boolean
  /** The share of the runs that `confirm` lets end which a person is asked about all the same: 0 to 1. Default 0. */
  review?: number
}

const rules = { oneOf: 'texts!', when: 'function', confirm: 'function', review: 'number' } as const

/** @throws `bad-workflow` */
export function checkRequirements(requires: unknown, workflow: string): Requirement[] {
  if (requires === undefined) return []
  const list: unknown = Array.isArray(requires) ? requires : [requires]
  checkOption(list, `\`requires\` of ${workflow}`, 'objects', 'bad-workflow')
  for (const each of list as Requirement[]) {
    checkOptions(each, `\`requires\` of ${workflow}`, rules, 'bad-workflow')
    const { oneOf, review = 0 } = each
    if (oneOf.length === 0)
      throw new ReeveError(
        'bad-workflow',
        `\`oneOf\` of \`requires\` of ${workflow} names nothing. Name a tool.`,
      )
    if (!(review >= 0 && review <= 1))
      throw new ReeveError(
        'bad-workflow',
        `\`review\` of \`requires\` of ${workflow} is ${describeValue(review)}; it must be a share from 0 to 1.`,
      )
  }
  return list as Requirement[]
}

import { ReeveError } from '../base/errors.ts'
import { normalizeScope } from './scopes.ts'

/** Who may read a scope of memory with all below it. */
export interface ScopeRule {
  /**
   * Principals by name, and workflows as `workflow:NAME`: only their runs find what is there, and only they may amend or forget it.
   * Default: everybody's.
   */
  readers?: readonly string[]
  /** What is recalled from there is private: it leaves only where the operator's own words say. Default false. */
  private?: boolean
}

/** The rules of a project's scopes. A scope below another one has the rules of both. */
export class ScopeRules {
  readonly #rules: readonly { scope: string; readers: readonly string[] | undefined; isPrivate: boolean }[]

  constructor(rules: Readonly<Record<string, ScopeRule>> = {}) {
    this.#rules = Object.entries(rules).map(([scope, { readers, private: isPrivate = false }]) => ({
      scope: normalizeScope(scope),
      readers,
      isPrivate,
    }))
  }

  /** The scopes that none of these may read. */
  hiddenFrom(asking: readonly string[]): string[] {
    return this.#rules.flatMap(({ scope, readers }) =>
      readers === undefined || readers.some((one) => asking.includes(one)) ? [] : [scope],
    )
  }

  get private(): string[] {
    return this.#rules.flatMap(({ scope, isPrivate }) => (isPrivate ? [scope] : []))
  }

  /** @throws `memory-forbidden` */
  requireReader(scope: string, asking: readonly string[]): void {
    const hidden = this.hiddenFrom(asking).find((one) => liesIn(scope, one))
    if (hidden === undefined) return
    throw new ReeveError(
      'memory-forbidden',
      `The scope "${scope}" is not for ${asking.join(', ')}: reeve.config.ts says who reads "${hidden}" (memory.scopes). Ask in another scope, or add a reader.`,
      { details: { scope: hidden } },
    )
  }
}

/** Whether a scope is this one, or below it. */
export function liesIn(scope: string, among: string): boolean {
  return scope === among || scope.startsWith(`${among}/`)
}

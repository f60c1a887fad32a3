/** The slots in a scope and the scopes below it. */
export interface ScopeSlots {
  slots: Int32Array
  /** 1 for each slot in it. */
  holds: Uint8Array
}

const maxRemembered = 256
/** So that a scope that does not exist costs nothing to remember. */
const nothing: ScopeSlots = { slots: new Int32Array(0), holds: new Uint8Array(0) }

/** Which slots lie in a scope: made when first asked for, forgotten at every change. */
export class Scopes {
  readonly #names: (string | undefined)[] = []
  readonly #remembered = new Map<string, ScopeSlots>()

  /** @param scope of the slot; undefined: the slot is free */
  set(slot: number, scope: string | undefined): void {
    this.#names[slot] = scope === undefined ? undefined : normalizeScope(scope)
    this.#remembered.clear()
  }

  /** @param wanted a normalised scope; empty: everything */
  below(wanted: string): ScopeSlots {
    const known = this.#remembered.get(wanted)
    if (known) return known
    const holds = new Uint8Array(this.#names.length)
    const slots: number[] = []
    for (const [slot, scope] of this.#names.entries()) {
      if (scope === undefined || !isBelow(scope, wanted)) continue
      holds[slot] = 1
      slots.push(slot)
    }
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear()
    const found = slots.length === 0 ? nothing : { slots: Int32Array.from(slots), holds }
    this.#remembered.set(wanted, found)
    return found
  }
}

/** `/policy//billing/` and `policy/billing` are one scope. */
export function normalizeScope(scope: string): string {
  return scope
    .split('/')
    .map((part) => part.trim())
    .filter(Boolean)
    .join('/')
}

function isBelow(scope: string, wanted: string): boolean {
  return wanted === '' || scope === wanted || scope.startsWith(`${wanted}/`)
}

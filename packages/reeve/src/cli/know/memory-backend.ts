import type { SearchOptions, SearchResult } from '../../memory/search/search.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { heldScopes } from '../../store/memory/held-scopes.ts'
import type { RollbackOf } from '../../store/memory/item-changes.ts'
import { type Item, readItemsAfter } from '../../store/memory/items.ts'
import type { Workspace } from '../terminal/workspace.ts'

export type SearchAsked = Required<Pick<SearchOptions, 'kinds' | 'limit' | 'trustedOnly'>> &
  Pick<SearchOptions, 'in' | 'asOf'>

export interface RolledBack {
  ended: number
  restored: number
}

/** What commands ask about what is known. `why` is kept with the versions that a change ends. */
export interface MemoryBackend {
  /** `scopes`: where the scope that was asked holds nothing, some that do. */
  search(text: string, asked: SearchAsked): Promise<SearchResult & { scopes: string[] }>
  /** The first version first. @throws `unknown-memory` */
  history(id: string): Promise<Item[]>
  amend(id: string, text: string, why: string): Promise<Item>
  retract(id: string, why: string): Promise<Item>
  redact(id: string, why: string): Promise<Item>
  preview(of: RollbackOf): Promise<{ count: number; ids: string[]; approvals: string[] }>
  rollBack(of: RollbackOf, why: string, options: { despiteApprovals: boolean }): Promise<RolledBack>
  /** All versions of all items, in the order in which they came. */
  versions(): AsyncIterable<Item>
}

const pageRows = 500
const mostScopes = 10

/** Of a project's own database, with its code: it knows where knowledge is and what embeds. */
export function localMemory({ database, actor }: Workspace, runtime: Runtime | undefined): MemoryBackend {
  const code = () => {
    if (runtime) return runtime
    throw new Error('This command needs the code of the project, which was not loaded.')
  }
  const memory = () => internalsOf(code()).memory
  const by = (why: string) => ({ by: actor.principal, proof: actor.proof, why })
  return {
    async search(text, asked) {
      // As a run of the project would find it.
      await code().readKnowledge()
      const found = await memory().recall(text, asked)
      const scopes = found.audit.emptyScope ? await heldScopes(database, mostScopes) : []
      return { ...found, scopes }
    },
    history: (id) => memory().history(id),
    amend: (id, text, why) => memory().amend(id, text, by(why)),
    retract: (id, why) => memory().retract(id, by(why)),
    redact: (id, why) => memory().redact(id, by(why)),
    preview: (of) => memory().preview(of),
    rollBack: (of, why, options) => memory().rollBack(of, by(why), options),
    async *versions() {
      for (let last = 0; ; ) {
        const page = await readItemsAfter(database, last, pageRows)
        yield* page
        if (page.length < pageRows) return
        last = page.at(-1)!.no
      }
    },
  }
}

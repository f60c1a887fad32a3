import type { Grant } from '../governance/grants/grant.ts'

/** What the code of a workflow lets it do. */
export interface GrantedWorkflow {
  /**
   * What the workflow's own code may do through tools, and all that it starts at most: children, agents. A call that no grant
   * covers is denied. Checked when the project is loaded. Default: everything.
   */
  grants?: readonly Grant[]
}

/** The workflow whose runs put another run before a person: their parent. */
export const reviewWorkflowName = 'reeve.review'

/** SQL: of the run `r`, whose parent is `p`, what is said of; of a review that is the run which it is about. */
export function reviewed(column: 'no' | 'id' | 'workflow'): string {
  return `case when r.workflow = '${reviewWorkflowName}' and p.no is not null then p.${column} else r.${column} end`
}

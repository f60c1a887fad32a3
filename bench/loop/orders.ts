/** The task of every contestant: look three things up, one after the other, and say what came of it. */

export const lookups = ['orders_find', 'stock_count', 'shipping_quote'] as const

export const instructions = 'Look up the order, the stock and the shipping, then say when the parcel leaves.'

export function descriptionOf(tool: string): string {
  return `Looks up ${tool.replace('_', ' ')} by number.`
}

export function lookUp(tool: string, number: number): { number: number; found: string } {
  return { number, found: `${tool} of ${number}: 3 pieces, ready on Tuesday` }
}

/** What the model says when so many results are in: the next call, or after the third the answer. */
export function nextTurn(results: number): { tool: string; number: number } | { answer: string } {
  const tool = lookups[results]
  return tool ? { tool, number: 4000 + results } : { answer: 'The parcel leaves on Tuesday.' }
}

/** A loop that did not make its three calls, or ended elsewhere, is no loop. */
export function check(answer: unknown, calls: number): void {
  if (answer !== 'The parcel leaves on Tuesday.' || calls !== lookups.length)
    throw new Error(`the loop ended with ${JSON.stringify(answer)} after ${calls} calls`)
}

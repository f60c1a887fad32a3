/** By code: what it means, and what to do. */
export type CodeTable = Readonly<Record<string, readonly [meaning: string, advice: string]>>
